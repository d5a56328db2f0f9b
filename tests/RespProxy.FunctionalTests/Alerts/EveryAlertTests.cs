using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control.Alerts;
using RespProxy.Downstream;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Quotas;
using RespProxy.Testing;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.NodeMemory;

namespace RespProxy.FunctionalTests.Alerts;

/// <summary>A proxy that everything goes wrong with, by its figures, and then nothing; judged by the proxy's own rules, told to a real Alertmanager.</summary>
public sealed class EveryAlertTests
{
    private readonly UsageLedger _ledger = new();
    private readonly LoopUsage _loop;
    private long _bad;
    private volatile bool _isBad;

    public EveryAlertTests() => _loop = _ledger.AddLoop();

    [Fact]
    public async Task Every_level_of_every_rule_fires_and_ends_at_its_levels_receiver()
    {
        await using HttpSink sink = HttpSink.Start();
        await using LocalAlertmanager alertmanager = await LocalAlertmanager.StartWithReceiversAsync(sink.Address);
        var alerts = new AlertsSnapshot
        {
            Interval = TimeSpan.FromMilliseconds(100),
            Window = TimeSpan.FromSeconds(1),
            ResolveAfter = TimeSpan.Zero,
            Rules = [.. AlertRules.Defaults.Select(rule => rule with { For = TimeSpan.Zero })],
            Receivers = [new AlertReceiverSnapshot { Name = "alertmanager", Type = AlertReceiverType.Alertmanager, Url = alertmanager.Address }],
        };
        string[] all = [.. AlertRules.Defaults.SelectMany(rule => rule.Thresholds.Select(each => $"/am/{each.Level} RespProxy{rule.Kind} {each.Level}"))];
        Assert.True(all.Length > 35);
        await using AlertService service = AlertService.Start(alerts, new AlertJson("test", "guide", null), Read, TimeProvider.System, NullLogger.Instance);

        _isBad = true;
        await ToldAsync(sink, all.Select(each => $"{each} firing"));
        _isBad = false;
        await ToldAsync(sink, all.SelectMany(each => new[] { $"{each} firing", $"{each} resolved" }));
    }

    /// <summary>While it is bad each reading counts more of everything that should not be.</summary>
    private AlertFacts Read()
    {
        if (_isBad) _bad++;
        Use();
        var upstream = new UpstreamReading("main")
        {
            Failures = [(UpstreamFailure.TimedOut, 1_000 * _bad)],
            ConnectionsLost = 1_000 * _bad,
            CoveredSlots = _isBad ? 10_923 : 16_384,
            TopologyAge = TimeSpan.FromSeconds(_isBad ? 700 : 1),
            Nodes = [new NodeMemoryReading(new NodeAddress("n", 1), _isBad ? 90 : 10, 100, default)],
        };
        var counters = new ProxyCounters
        {
            AuthenticationFailures = 1_000 * _bad,
            IsolationFaults = _bad,
            Quotas = [("shop", new QuotaReading(100, _isBad ? 101 : 1, default, QuotaLevel.Low, false))],
            RateUses = [new RateUse("shop", "writes", RateUnit.Commands, 100, 100_000 * _bad, 0)],
            Upstreams = [upstream],
        };
        return new AlertFacts(_isBad ? ProxyStatus.Starting : ProxyStatus.Ready, counters, _ledger.All(), _isBad);
    }

    private void Use()
    {
        CommandUsage get = _loop.Of("shop").Of(CommandTable.All.Single(command => command.Name == "GET").Index);
        get.Calls += 100;
        get.Added.Add((_isBad ? 200 : 1) * Stopwatch.Frequency / 1000, 100);
        get.AddUpstream((_isBad ? 600 : 1) * Stopwatch.Frequency / 1000, 100);
        if (!_isBad) return;
        get.Errors += 100;
        get.Throttled += 100;
    }

    private static async Task ToldAsync(HttpSink sink, IEnumerable<string> expected)
    {
        string[] want = [.. expected.Order(StringComparer.Ordinal)];
        string[] seen = [];
        try
        {
            await Eventually.HoldsAsync("told", () => (seen = [.. Told(sink).Order(StringComparer.Ordinal)]).SequenceEqual(want), TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            Assert.Equal(want, seen);
        }
    }

    private static IEnumerable<string> Told(HttpSink sink) =>
        from request in sink.Requests
        from told in JsonNode.Parse(request.Body)!["alerts"]!.AsArray()
        select $"{request.Path} {told["labels"]!["alertname"]} {told["labels"]!["level"]} {told["status"]}";
}
