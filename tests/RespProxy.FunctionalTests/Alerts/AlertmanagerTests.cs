using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control.Alerts;
using RespProxy.Control.Reload;
using RespProxy.Downstream.Quotas;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Alerts;

/// <summary>
/// A proxy before a real Redis of 64 MB, whose alerts go to a real Alertmanager, with a receiver for each level behind it, and to webhooks of the proxy's own: chat
/// for 60, sms for 75, phone for 85 and 100.
/// </summary>
public sealed class AlertmanagerTests : IAsyncLifetime
{
    private const string OwnPath = "/own/";

    private readonly HttpSink _sink = HttpSink.Start();
    private LocalAlertmanager _alertmanager = null!;
    private LocalRedis _redis = null!;
    private RunningProxy _proxy = null!;
    private AlertService _alerts = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await LocalRedis.StartAsync(new LocalRedisOptions { ExtraArguments = ["--maxmemory", "64mb"] });
        _alertmanager = await LocalAlertmanager.StartWithReceiversAsync(_sink.Address);
        _proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(_redis.Host, _redis.Port)], configuration => configuration with
        {
            Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Quota = new QuotaSnapshot { Peak = 1_000, Factor = 1 } })],
            NodeMemory = new NodeMemorySnapshot { Period = TimeSpan.FromMilliseconds(100) },
            Alerts = new AlertsSnapshot
            {
                Interval = TimeSpan.FromMilliseconds(100),
                ResolveAfter = TimeSpan.Zero,
                Receivers =
                [
                    new AlertReceiverSnapshot { Name = "alertmanager", Type = AlertReceiverType.Alertmanager, Url = _alertmanager.Address },
                    Own("chat", 60),
                    Own("sms", 75),
                    Own("phone", 85, 100),
                ],
            },
        });
        _alerts = AlertService.Start(_proxy.Configuration, _proxy.Server, () => new ReloadReading(1, DateTimeOffset.UnixEpoch, 0, []), TimeProvider.System, NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _alerts.DisposeAsync();
        await _proxy.DisposeAsync();
        await _alertmanager.DisposeAsync();
        await _redis.DisposeAsync();
        await _sink.DisposeAsync();
    }

    [Fact]
    public async Task Each_level_of_a_tenants_quota_fires_and_ends_at_its_own_receiver_and_no_other()
    {
        await WalkAsync("RespProxyTenantMemory", "tenant", "app1", percent =>
        {
            Assert.Equal(UsageOutcome.Taken, _proxy.Server.Quotas.Report("app1", 10 * percent));
            Assert.Equal(UsageOutcome.Taken, _proxy.Server.Quotas.Report("app2", 10));
            return Task.CompletedTask;
        }, 100);
    }

    [Fact]
    public async Task Each_level_of_a_nodes_maxmemory_fires_and_ends_at_its_own_receiver_and_no_other()
    {
        await WalkAsync("RespProxyNodeMemory", "node", $"{_redis.Host}:{_redis.Port}", FillAsync);
    }

    /// <summary>Goes up through all levels and down again; looks after each step that exactly what has been told is told.</summary>
    private async Task WalkAsync(string alert, string label, string subject, Func<int, Task> useAsync, params int[] more)
    {
        int[] levels = [60, 75, 85, .. more];
        await useAsync(50);
        foreach (int level in levels)
        {
            await useAsync(level + 2);
            await ToldAsync(alert, levels, each => each <= level ? ["firing"] : []);
        }

        foreach (int level in levels.Reverse())
        {
            await useAsync(level - 7);
            await ToldAsync(alert, levels, each => each >= level ? ["firing", "resolved"] : ["firing"]);
        }

        foreach (JsonNode told in Told(alert).Select(each => each.Alert))
        {
            Assert.Equal(subject, (string?)told["labels"]![label]);
            Assert.EndsWith($"#{alert.ToLowerInvariant()}", (string?)told["annotations"]!["runbook_url"], StringComparison.Ordinal);
            Assert.False(string.IsNullOrEmpty((string?)told["annotations"]!["action"]));
        }
    }

    /// <summary>Both ways, by the Alertmanager and by the proxy's own webhooks, the levels' receivers have been told this, in this order.</summary>
    private async Task ToldAsync(string alert, int[] levels, Func<int, string[]> expected)
    {
        string[] want = [.. levels.SelectMany(level => expected(level).SelectMany(status => new[] { $"/am/{level} {level} {status}", $"{OwnPath}{ReceiverOf(level)} {level} {status}" })).Order()];
        string[] seen = [];
        try
        {
            await Eventually.HoldsAsync("told", () => (seen = [.. Told(alert).Select(each => each.Text).Order()]).SequenceEqual(want), TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            Assert.Equal(want, seen);
        }
    }

    /// <summary>Who was told what of an alert: the receiver's path, the level and the status.</summary>
    private IEnumerable<(string Text, JsonNode Alert)> Told(string alert) =>
        from request in _sink.Requests
        from told in JsonNode.Parse(request.Body)!["alerts"]!.AsArray()
        where (string?)told["labels"]!["alertname"] == alert
        select ($"{request.Path} {told["labels"]!["level"]} {told["status"]}", told);

    private static string ReceiverOf(int level) => level switch { 60 => "chat", 75 => "sms", _ => "phone" };

    /// <summary>Sets or deletes keys of some 300 KB until the node uses so many percent of its limit, half a percent more or less.</summary>
    private async Task FillAsync(int percent)
    {
        string value = new('x', 300 * 1024);
        while (await UsedAsync() < percent) await _redis.CommandAsync("RPUSH", "fill", value);
        while (await UsedAsync() > percent + 0.5) await _redis.CommandAsync("LPOP", "fill");
    }

    private async Task<double> UsedAsync()
    {
        string info = (await _redis.CommandAsync("INFO", "MEMORY")).Text;
        double Field(string name) => double.Parse(info.Split("\r\n").Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..], CultureInfo.InvariantCulture);
        return 100 * (Field("used_memory") - Field("mem_not_counted_for_evict")) / Field("maxmemory");
    }

    private AlertReceiverSnapshot Own(string name, params int[] levels) =>
        new() { Name = name, Url = new Uri(_sink.Address, OwnPath + name), Levels = [.. levels] };
}
