using System.Diagnostics;
using RespProxy.Control.Metrics;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Tests;

public class UsageMetricsTests
{
    private static readonly long Microsecond = Stopwatch.Frequency / 1_000_000;

    private readonly UsageLedger _ledger = new();
    private readonly LoopUsage _loop;
    private readonly UsageMetrics _metrics = new();

    public UsageMetricsTests() => _loop = _ledger.AddLoop();

    [Fact]
    public void Each_command_of_a_tenant_is_a_series_by_its_name_in_lower_case()
    {
        Use("shop", Command("GET"), calls: 3);
        Use("shop", CommandTable.All.Single(command => command.Name == "CLIENT|LIST").Index, calls: 1);
        Use("bank", Command("GET"), calls: 2);

        string text = Scrape();

        Assert.Contains("\nrespproxy_commands_total{tenant=\"bank\",command=\"get\"} 2\nrespproxy_commands_total{tenant=\"shop\",command=\"get\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("respproxy_commands_total{tenant=\"shop\",command=\"client|list\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("respproxy_request_bytes_total{tenant=\"shop\",command=\"get\"} 30\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("admission", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limited_tenant_tells_for_each_command_what_admission_said()
    {
        CommandUsage usage = _loop.Of("shop").Of(Command("GET"));
        (usage.Allowed, usage.Denied, usage.Throttled, usage.Delayed, usage.Shadowed) = (5, 4, 3, 2, 1);

        string text = Scrape();

        string[] said = ["allowed_total{tenant=\"shop\",command=\"get\"} 5", "denied_total{tenant=\"shop\",command=\"get\"} 4", "throttled_total{tenant=\"shop\",command=\"get\"} 3", "delayed_total{tenant=\"shop\",command=\"get\"} 2", "shadowed_total{tenant=\"shop\",command=\"get\"} 1"];
        Assert.All(said, line => Assert.Contains($"respproxy_admission_{line}\n", text, StringComparison.Ordinal));
    }

    [Fact]
    public void What_comes_beyond_a_tenants_bound_is_told_together_and_no_series_goes_away_or_back()
    {
        for (int command = 200; command < 300; command++) Use("shop", command, calls: 1);
        string[] before = [.. SeriesOf(Scrape())];
        for (int command = 0; command < 200; command++) Use("shop", command, calls: 2);

        string[] after = [.. SeriesOf(Scrape())];

        Assert.Equal(100, before.Length);
        Assert.Equal(before, after[..^1]);
        Assert.Equal("respproxy_commands_total{tenant=\"shop\",command=\"other\"} 400", after[^1]);
    }

    [Fact]
    public void Series_are_bounded_over_all_tenants_and_one_that_is_gone_makes_room()
    {
        for (int tenant = 0; tenant < 60; tenant++)
        {
            for (int command = 0; command < 100; command++) Use($"t{tenant:00}", command, calls: 1);
        }

        string[] series = [.. SeriesOf(Scrape())];
        Assert.Equal(5000 + 10, series.Length);
        Assert.Equal(10, series.Count(line => line.EndsWith("command=\"other\"} 100", StringComparison.Ordinal)));

        _loop.Forget("t00");
        Assert.Equal(5000 + 9, SeriesOf(Scrape()).Count());
        Assert.DoesNotContain(SeriesOf(Scrape()), line => line.Contains("t00", StringComparison.Ordinal));
    }

    [Fact]
    public void Latencies_are_histograms_in_seconds_whose_buckets_add_up()
    {
        CommandUsage usage = _loop.Of("shop").Of(Command("GET"));
        usage.Added.Add(8 * Microsecond, 2);
        usage.Added.Add((8 * Microsecond) + 1, 3);
        usage.AddUpstream(40 * Stopwatch.Frequency, 1);

        string text = Scrape();

        string[] added = [.. text.Split('\n').Where(line => line.StartsWith("respproxy_added_latency_seconds_", StringComparison.Ordinal))];
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"8E-06\"} 2", added[0]);
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"1.6E-05\"} 5", added[1]);
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"16.777216\"} 5", added[^4]);
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"+Inf\"} 5", added[^3]);
        Assert.StartsWith("respproxy_added_latency_seconds_sum{tenant=\"shop\"} 4.0003E-05"[..50], added[^2], StringComparison.Ordinal);
        Assert.Equal("respproxy_added_latency_seconds_count{tenant=\"shop\"} 5", added[^1]);
        Assert.Contains("respproxy_upstream_latency_seconds_bucket{tenant=\"shop\",le=\"16.777216\"} 0\nrespproxy_upstream_latency_seconds_bucket{tenant=\"shop\",le=\"+Inf\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_clients_there_is_no_family() => Assert.Empty(_metrics.Collect(_ledger.All()));

    private static int Command(string name) => CommandTable.Find(System.Text.Encoding.ASCII.GetBytes(name))!.Index;

    private static IEnumerable<string> SeriesOf(string text) => text.Split('\n').Where(line => line.StartsWith("respproxy_commands_total{", StringComparison.Ordinal));

    private void Use(string tenant, int command, int calls)
    {
        CommandUsage usage = _loop.Of(tenant).Of(command);
        usage.Calls += calls;
        usage.RequestBytes += calls * 10;
    }

    private string Scrape() => PrometheusText.Format(_metrics.Collect(_ledger.All()));
}
