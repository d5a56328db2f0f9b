using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RespProxy.Control.Admin;
using RespProxy.Testing;

namespace RespProxy.Tests.Admin;

/// <summary>Whatever is sent to the admin endpoint, the data plane goes on and the endpoint answers the next.</summary>
public sealed class AdminFuzzTests(OneRedis redis) : IClassFixture<OneRedis>
{
    private const int Workers = 8;
    private const int RequestsEach = 375;

    /// <summary>What came to mean nothing waits for more: then nobody answers.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Thousands_of_broken_requests_stop_neither_the_data_plane_nor_the_endpoint_and_none_is_answered_with_a_500()
    {
        // All may be done but the one thing that is meant to stop the data plane.
        await using AdminScene scene = await AdminScene.StartAsync(seed: redis.Address, parts: part => part is not DrainRoutes);
        await using RespClient client = await scene.Proxy.ConnectAsync("app2");
        using var over = new CancellationTokenSource();
        Task<int> pinging = PingAsync(client, over.Token);

        Dictionary<int, int>[] tallies = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => FuzzAsync(scene, seed: 7000 + worker)));
        await over.CancelAsync();

        Assert.True(await pinging > 0);
        Dictionary<int, int> statuses = tallies.SelectMany(tally => tally).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));
        string told = string.Join(", ", statuses.OrderBy(pair => pair.Key).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}: {pair.Value}")));
        // 505 is the HTTP server's word for "HTTP/1.7".
        Assert.DoesNotContain(statuses.Keys, status => status is >= 500 and not 505);
        Assert.DoesNotContain(scene.Log, line => line.Contains("[6203]", StringComparison.Ordinal));
        // It would say little if all had been refused at the door.
        Assert.True(statuses.GetValueOrDefault(200) > 100 && statuses.GetValueOrDefault(404) > 100 && statuses.GetValueOrDefault(400) > 100, told);
        Assert.Equal("PONG", (await client.CommandAsync("PING")).Text);
        Assert.Equal("ready", (await scene.JsonAsync("/api/v1/status")).GetProperty("status").GetString());
        Assert.Equal(0, scene.Proxy.Server.ReadCounters().IsolationFaults);
    }

    [Theory]
    [InlineData("PUT", "/api/v1/log/level", 33)]
    [InlineData("PUT", "/api/v1/tenants/app1/usage", 33)]
    [InlineData("POST", "/api/v1/nowhere", 5_000)]
    public async Task A_body_that_is_too_long_is_refused(string method, string path, int length)
    {
        await using AdminScene scene = await AdminScene.StartAsync();

        using HttpResponseMessage response = await scene.SendAsync(method, path, body: new string('9', length));

        Assert.Equal(path.EndsWith("nowhere", StringComparison.Ordinal) ? HttpStatusCode.NotFound : HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    /// <summary>Reads through the proxy, one after the other; how many were answered.</summary>
    private static async Task<int> PingAsync(RespClient client, CancellationToken until)
    {
        int answered = 0;
        while (!until.IsCancellationRequested)
        {
            await client.CommandAsync("SET", "a", answered.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(answered.ToString(CultureInfo.InvariantCulture), (await client.CommandAsync("GET", "a")).Text);
            answered++;
        }

        return answered;
    }

    private static async Task<Dictionary<int, int>> FuzzAsync(AdminScene scene, int seed)
    {
        var requests = new HttpMutations(seed, scene.Endpoint.Routes);
        var statuses = new Dictionary<int, int>();
        for (int i = 0; i < RequestsEach; i++)
        {
            int status = await SendAsync(scene.Endpoint.Address, requests.Next());
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
        }

        return statuses;
    }

    /// <summary>The status of the answer; 0 when there is none.</summary>
    private static async Task<int> SendAsync(Uri address, byte[] request)
    {
        using var client = new TcpClient();
        using var patience = new CancellationTokenSource(Patience);
        byte[] head = new byte[12];
        try
        {
            await client.ConnectAsync(IPAddress.Parse(address.Host), address.Port);
            await client.GetStream().WriteAsync(request, patience.Token);
            int length = await client.GetStream().ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, patience.Token);
            return length == head.Length && int.TryParse(Encoding.ASCII.GetString(head, 9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) ? status : 0;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            return 0;
        }
    }
}
