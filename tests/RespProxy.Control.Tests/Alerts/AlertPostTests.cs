using System.Text;
using RespProxy.Configuration;
using RespProxy.Control.Alerts;
using RespProxy.Testing;

namespace RespProxy.Control.Tests.Alerts;

public sealed class AlertPostTests : IAsyncLifetime
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("{\"a\":1}");

    private readonly HttpSink _sink = HttpSink.Start();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _sink.DisposeAsync();

    private AlertReceiverSnapshot Snapshot(string path = "hook?token=hunter2") => new()
    {
        Name = "chat",
        Url = new Uri(_sink.Address, path),
        Headers = [("Authorization", "Bearer hunter2")],
    };

    private static async Task<AlertOutcome> PostAsync(AlertReceiverSnapshot snapshot)
    {
        using var post = new AlertPost(snapshot);
        return await post.SendAsync(Body, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_webhook_is_posted_as_json_to_its_address_with_its_headers()
    {
        Assert.Equal(AlertDelivery.Taken, (await PostAsync(Snapshot())).Delivery);
        SunkRequest request = Assert.Single(_sink.Requests);
        Assert.Equal(("POST", "/hook?token=hunter2", "{\"a\":1}"), (request.Method, request.Path, request.Body));
        Assert.Equal(("application/json", "Bearer hunter2"), (request.Headers["Content-Type"], request.Headers["Authorization"]));
    }

    [Theory]
    [InlineData("", "/api/v2/alerts")]
    [InlineData("am/", "/am/api/v2/alerts")]
    [InlineData("am/api/v2/alerts", "/am/api/v2/alerts")]
    public async Task An_Alertmanager_is_posted_to_its_API(string path, string expected)
    {
        await PostAsync(Snapshot(path) with { Type = AlertReceiverType.Alertmanager });
        Assert.Equal(expected, Assert.Single(_sink.Requests).Path);
    }

    [Theory]
    [InlineData(200, nameof(AlertDelivery.Taken))]
    [InlineData(204, nameof(AlertDelivery.Taken))]
    [InlineData(302, nameof(AlertDelivery.Refused))]
    [InlineData(400, nameof(AlertDelivery.Refused))]
    [InlineData(401, nameof(AlertDelivery.Refused))]
    [InlineData(408, nameof(AlertDelivery.Failed))]
    [InlineData(429, nameof(AlertDelivery.Failed))]
    [InlineData(500, nameof(AlertDelivery.Failed))]
    [InlineData(503, nameof(AlertDelivery.Failed))]
    public async Task A_status_says_whether_to_try_again_and_a_redirect_is_not_followed(int status, string expected)
    {
        _sink.Status = status;
        Assert.Equal(new AlertOutcome(Enum.Parse<AlertDelivery>(expected), $"status {status}"), await PostAsync(Snapshot()));
        Assert.Single(_sink.Requests);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_or_does_not_answer_is_tried_again_and_no_secret_is_told()
    {
        AlertOutcome gone = await PostAsync(Snapshot() with { Url = new Uri($"http://127.0.0.1:{HttpSink.FreePort()}/hunter2") });
        var never = new TaskCompletionSource();
        _sink.Gate = never.Task;
        AlertOutcome silent = await PostAsync(Snapshot() with { Timeout = TimeSpan.FromMilliseconds(100) });
        never.SetResult();

        Assert.Equal(new AlertOutcome(AlertDelivery.Failed, "ConnectionError"), gone);
        Assert.Equal(new AlertOutcome(AlertDelivery.Failed, "no answer within 0.1 s"), silent);
    }
}
