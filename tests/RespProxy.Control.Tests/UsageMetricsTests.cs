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
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"8e-06\"} 2", added[0]);
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"1.6e-05\"} 5", added[1]);
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"16.777216\"} 5", added[^4]);
        Assert.Equal("respproxy_added_latency_seconds_bucket{tenant=\"shop\",le=\"+Inf\"} 5", added[^3]);
        Assert.StartsWith("respproxy_added_latency_seconds_sum{tenant=\"shop\"} 4.0003e-05"[..50], added[^2], StringComparison.Ordinal);
        Assert.Equal("respproxy_added_latency_seconds_count{tenant=\"shop\"} 5", added[^1]);
        Assert.Contains("respproxy_upstream_latency_seconds_bucket{tenant=\"shop\",le=\"16.777216\"} 0\nrespproxy_upstream_latency_seconds_bucket{tenant=\"shop\",le=\"+Inf\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_clients_nothing_is_told() => Assert.Equal("", Scrape());

    [Fact]
    public void Where_there_is_no_room_for_all_commands_the_busiest_have_series()
    {
        for (int command = 0; command < 150; command++) Use("shop", command, calls: command + 1);

        string[] series = [.. SeriesOf(Scrape())];

        Assert.Equal(101, series.Length);
        Assert.Equal(Enumerable.Range(51, 100), series[..^1].Select(Value).Order());
        Assert.Equal(50 * 51 / 2, Value(series[^1]));
    }

    [Fact]
    public void The_busiest_commands_have_histograms_and_all_others_of_their_tenants_share_one()
    {
        for (int tenant = 0; tenant < 3; tenant++)
        {
            for (int command = 0; command < 100; command++)
            {
                CommandUsage usage = _loop.Of($"t{tenant}").Of(command);
                usage.Calls += 10 + tenant;
                usage.Added.Add(20 * Microsecond, 10 + tenant);
            }
        }

        string[] counts = [.. Scrape().Split('\n').Where(line => line.StartsWith("respproxy_command_added_latency_seconds_count{", StringComparison.Ordinal))];

        // Two hundred: all of t2's, all of t1's, none of t0's, which has those of the tenant.
        Assert.Equal(200, counts.Length);
        Assert.Equal(100, counts.Count(line => line.Contains("t2", StringComparison.Ordinal) && Value(line) == 12));
        Assert.Equal(100, counts.Count(line => line.Contains("t1", StringComparison.Ordinal) && Value(line) == 11));

        CommandUsage late = _loop.Of("t1").Of(200);
        (late.Calls, _) = (1, 0);
        late.Added.Add(20 * Microsecond, 7);
        Assert.Contains("respproxy_command_added_latency_seconds_count{tenant=\"t1\",command=\"other\"} 7\n", Scrape(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_scrape_of_a_thousand_tenants_with_fifty_commands_each_is_bounded_in_series_bytes_and_garbage()
    {
        for (int tenant = 0; tenant < 1000; tenant++)
        {
            for (int command = 0; command < 50; command++)
            {
                CommandUsage usage = _loop.Of($"tenant{tenant:0000}").Of(command);
                (usage.Calls, usage.Allowed) = (100 + command, 100);
                usage.Added.Add(20 * Microsecond, 100);
                usage.AddUpstream(200 * Microsecond, 100);
            }
        }

        var scan = new UsageScan(_ledger);
        _ = Count(scan);
        long before = GC.GetAllocatedBytesForCurrentThread();
        (int series, long bytes) = Count(scan);
        long garbage = GC.GetAllocatedBytesForCurrentThread() - before;

        // Ten families by command of 5,000 series and an "other" for each tenant but those that have room for all; 2 counters and 2 x 25 lines of histograms by tenant; 14 lines
        // for each of 200 histograms by command, and for the "other" of as many tenants.
        Assert.InRange(series, 100_000, (10 * 6_000) + (1_000 * (2 + (2 * 25))) + (2 * 400 * 14));
        Assert.InRange(bytes, 5_000_000, 14_000_000);
        Assert.InRange(garbage, 0, 500_000);
    }

    private (int Series, long Bytes) Count(UsageScan scan)
    {
        using var lines = new LineCounter();
        Task written = PrometheusText.WriteAsync(lines, _metrics.Collect(scan), ExpositionFormat.Prometheus);
        Assert.True(written.IsCompletedSuccessfully);
        return (lines.Series, lines.Length);
    }

    private static int Value(string line) => int.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Takes what is written, and keeps nothing but numbers.</summary>
    private sealed class LineCounter : Stream
    {
        private long _length;
        private bool _isAtStart = true;

        public int Series { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Take(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Take(buffer.Span);
            return ValueTask.CompletedTask;
        }

        private void Take(ReadOnlySpan<byte> bytes)
        {
            _length += bytes.Length;
            foreach (byte each in bytes)
            {
                if (_isAtStart && each != '#') Series++;
                _isAtStart = each == '\n';
            }
        }
    }

    private static int Command(string name) => CommandTable.Find(System.Text.Encoding.ASCII.GetBytes(name))!.Index;

    private static IEnumerable<string> SeriesOf(string text) => text.Split('\n').Where(line => line.StartsWith("respproxy_commands_total{", StringComparison.Ordinal));

    private void Use(string tenant, int command, int calls)
    {
        CommandUsage usage = _loop.Of(tenant).Of(command);
        usage.Calls += calls;
        usage.RequestBytes += calls * 10;
    }

    private string Scrape() => PrometheusText.Format(_metrics.Collect(new UsageScan(_ledger)));
}
