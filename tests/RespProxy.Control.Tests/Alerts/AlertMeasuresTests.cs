using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.Control.Alerts;
using RespProxy.Downstream;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Quotas;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.NodeMemory;

namespace RespProxy.Control.Tests.Alerts;

/// <summary>From what is counted to the values of rules: a window of a minute, looked at every 15 seconds.</summary>
public class AlertMeasuresTests
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    private readonly AlertMeasures _measures = new(TimeSpan.FromMinutes(1));
    private readonly UsageLedger _ledger = new();
    private readonly LoopUsage _loop;
    private TimeSpan _clock;
    private ProxyCounters _counters = new();
    private ProxyStatus _status = ProxyStatus.Ready;
    private bool _isRefused;

    public AlertMeasuresTests() => _loop = _ledger.AddLoop();

    private IReadOnlyList<AlertObservation> Look(int seconds = 15)
    {
        _clock += TimeSpan.FromSeconds(seconds);
        return _measures.Observe(new AlertFacts(_status, _counters, _ledger.All(), _isRefused), _clock);
    }

    private double? Value(AlertKind kind, int seconds = 15) => Look(seconds).Where(each => each.Kind == kind).Select(each => (double?)each.Value).SingleOrDefault();

    private CommandUsage Get(string tenant = "shop") => _loop.Of(tenant).Of(CommandTable.All.Single(command => command.Name == "GET").Index);

    [Fact]
    public void Memory_is_the_share_of_the_quota_and_of_maxmemory()
    {
        _counters = new ProxyCounters
        {
            Quotas = [("shop", new QuotaReading(1000, 755, default, QuotaLevel.High, false)), ("untold", new QuotaReading(1000, null, default, QuotaLevel.Low, false))],
            Upstreams = [new UpstreamReading("main") { Nodes = [new(new NodeAddress("n", 1), 30, 40, default), new(new NodeAddress("n", 2), 30, 0, default)] }],
        };
        IReadOnlyList<AlertObservation> seen = Look();
        Assert.Equal(new AlertObservation(AlertKind.TenantMemory, "shop", "", 75.5), Assert.Single(seen, each => each.Kind == AlertKind.TenantMemory));
        Assert.Equal(new AlertObservation(AlertKind.NodeMemory, "main", "n:1", 75), Assert.Single(seen, each => each.Kind == AlertKind.NodeMemory));
    }

    [Fact]
    public void A_rate_is_what_was_used_of_it_in_the_window()
    {
        void Used(long units) => _counters = new ProxyCounters { RateUses = [new RateUse("shop", "writes", RateUnit.Commands, 100, units, 0), new RateUse("shop", "of all", RateUnit.Commands, 100, units, 0, RateReach.Fleet)] };
        Used(1_000_000);
        Assert.Null(Value(AlertKind.TenantRate));
        Used(1_003_000);
        // Half of what a minute grants came in its first quarter: no more than half is told of.
        Assert.Equal(50, Value(AlertKind.TenantRate));
        Used(1_006_000);
        Assert.Equal(100, Value(AlertKind.TenantRate, 45));
        Assert.Equal(0, Value(AlertKind.TenantRate, 60));
    }

    [Fact]
    public void Shares_are_of_the_windows_commands_and_need_a_hundred_of_them()
    {
        Look();
        (Get().Calls, Get().Errors, Get().Throttled, Get().Delayed) = (99, 99, 50, 0);
        Assert.Null(Value(AlertKind.ErrorReplies));
        (Get().Calls, Get().Errors, Get().Throttled, Get().Delayed) = (200, 100, 50, 10);
        IReadOnlyList<AlertObservation> seen = Look();
        Assert.Equal((50, 30), (Assert.Single(seen, each => each.Kind == AlertKind.ErrorReplies).Value, Assert.Single(seen, each => each.Kind == AlertKind.TenantThrottled).Value));
        (Get().Calls, Get().Errors) = (400, 120);
        Assert.Equal(10, Value(AlertKind.ErrorReplies, 60));
        Assert.Null(Value(AlertKind.ErrorReplies, 61));
    }

    [Fact]
    public void Clients_that_are_nobodys_are_no_tenant()
    {
        Look();
        (Get(UsageReport.Nobody).Calls, Get(UsageReport.Nobody).Errors) = (1000, 1000);
        Assert.DoesNotContain(Look(), each => each.Kind == AlertKind.ErrorReplies);
    }

    [Fact]
    public void Latency_is_the_99th_percentile_of_the_windows_calls_alone()
    {
        CommandUsage get = Get();
        get.Calls = 1000;
        get.Added.Add(900 * Millisecond, 1000);
        Look();
        get.Calls = 2000;
        get.Added.Add(1 * Millisecond, 985);
        get.Added.Add(8 * Millisecond, 15);
        Assert.InRange(Value(AlertKind.AddedLatency)!.Value, 8, 10);
        get.Calls = 3000;
        get.Added.Add(1 * Millisecond, 1000);
        // The 15 are less than one in a hundred of the 2000 calls in the window now.
        Assert.InRange(Value(AlertKind.AddedLatency)!.Value, 1, 1.25);
        Assert.Null(Value(AlertKind.UpstreamLatency));
    }

    [Fact]
    public void Failures_are_so_many_a_minute_of_the_window_and_one_counter_that_begins_anew_is_no_flood()
    {
        void Failed(long requests, long lost) => _counters = new ProxyCounters { AuthenticationFailures = requests, Upstreams = [new UpstreamReading("main") { Failures = [(UpstreamFailure.TimedOut, requests)], ConnectionsLost = lost, ConnectionsFailed = 1 }] };
        Failed(100, 10);
        Look();
        Failed(130, 15);
        IReadOnlyList<AlertObservation> seen = Look();
        Assert.Equal(30, Assert.Single(seen, each => each.Kind == AlertKind.RequestsFailed).Value);
        Assert.Equal(30, Assert.Single(seen, each => each.Kind == AlertKind.AuthenticationFailures).Value);
        Assert.Equal(5, Assert.Single(seen, each => each.Kind == AlertKind.NodeConnections).Value);
        Failed(2, 0);
        Assert.Equal(2, Value(AlertKind.RequestsFailed));
        // Two minutes later nothing of it is in the window.
        Look(60);
        Assert.Equal(0, Value(AlertKind.RequestsFailed, 60));
    }

    [Fact]
    public void One_isolation_fault_is_told_as_long_as_it_is_in_the_window()
    {
        Look();
        Assert.Equal(0, Value(AlertKind.IsolationFault));
        _counters = new ProxyCounters { IsolationFaults = 1 };
        Assert.Equal(1, Value(AlertKind.IsolationFault));
        Assert.Equal(1, Value(AlertKind.IsolationFault, 30));
        Look(60);
        Assert.Equal(0, Value(AlertKind.IsolationFault, 60));
    }

    [Fact]
    public void A_topology_tells_its_age_and_the_slots_without_a_node_and_a_standalone_no_age()
    {
        _counters = new ProxyCounters { Upstreams = [new UpstreamReading("main") { TopologyAge = TimeSpan.FromSeconds(70), CoveredSlots = 16000 }, new UpstreamReading("single") { CoveredSlots = 16384 }, new UpstreamReading("unknown")] };
        IReadOnlyList<AlertObservation> seen = Look();
        Assert.Equal([new(AlertKind.TopologyAge, "main", "", 70)], seen.Where(each => each.Kind == AlertKind.TopologyAge));
        Assert.Equal([new(AlertKind.SlotsUncovered, "main", "", 384), new(AlertKind.SlotsUncovered, "single", "", 0)], seen.Where(each => each.Kind == AlertKind.SlotsUncovered));
    }

    [Theory]
    [InlineData(ProxyStatus.Starting, 1)]
    [InlineData(ProxyStatus.Ready, 0)]
    [InlineData(ProxyStatus.Draining, 0)]
    public void A_proxy_that_starts_is_not_ready_and_one_that_drains_means_it(ProxyStatus status, double value)
    {
        _status = status;
        Assert.Equal(value, Value(AlertKind.NotReady));
    }

    [Fact]
    public void A_configuration_that_was_refused_is_told()
    {
        Assert.Equal(0, Value(AlertKind.ConfigurationRefused));
        _isRefused = true;
        Assert.Equal(1, Value(AlertKind.ConfigurationRefused));
    }

    [Fact]
    public void Samples_do_not_pile_up_however_often_is_looked()
    {
        var often = new AlertMeasures(TimeSpan.FromMinutes(1));
        for (int i = 0; i < 10_000; i++) often.Observe(new AlertFacts(_status, _counters, [], false), TimeSpan.FromMilliseconds(100 * i));
        Assert.InRange(often.Samples, 4, 6);
    }
}
