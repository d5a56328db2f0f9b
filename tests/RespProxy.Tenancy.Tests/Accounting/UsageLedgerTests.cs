using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Tenancy.Tests.Accounting;

public class UsageLedgerTests
{
    private static readonly long Microsecond = Stopwatch.Frequency / 1_000_000;

    private readonly UsageLedger _ledger = new();

    [Fact]
    public void A_report_is_the_sum_of_what_the_loops_have_counted()
    {
        LoopUsage one = _ledger.AddLoop(), two = _ledger.AddLoop();
        Use(one, "shop", "GET", calls: 3);
        Use(two, "shop", "GET", calls: 4);
        Use(two, "shop", "SET", calls: 5);
        Use(two, "bank", "SET", calls: 6);
        one.Of("shop").Pushes = 7;
        two.Of("shop").PushedBytes = 8;

        UsageReport report = _ledger.Of("shop");

        CommandReading get = report.Commands.Single(reading => reading.Name == "get");
        Assert.Equal((7, 70, 700, 7000), (get.Calls, get.Errors, get.RequestBytes, get.ReplyBytes));
        Assert.Equal((2, 4, 6, 8, 10), (get.Allowed, get.Denied, get.Throttled, get.Delayed, get.Shadowed));
        Assert.Equal((3, 6, 9, 12, 15), (report.Total.Allowed, report.Total.Denied, report.Total.Throttled, report.Total.Delayed, report.Total.Shadowed));
        Assert.Equal((7, 7), (get.Added.Count, get.Upstream.Count));
        Assert.Equal((12, 120, 1200, 12000), (report.Total.Calls, report.Total.Errors, report.Total.RequestBytes, report.Total.ReplyBytes));
        Assert.Equal((12, 12, 7, 8), (report.Total.Added.Count, report.Total.Upstream.Count, report.Pushes, report.PushedBytes));
        Assert.Equal(18, _ledger.Calls);
        Assert.Equal(["bank", "shop"], _ledger.All().Select(each => each.Tenant));
    }

    [Fact]
    public void Commands_that_wait_by_themselves_have_their_time_and_the_total_has_it_not()
    {
        LoopUsage loop = _ledger.AddLoop();
        Use(loop, "shop", "BLPOP", calls: 2);
        Use(loop, "shop", "GET", calls: 1);

        UsageReport report = _ledger.Of("shop");

        Assert.Equal(2, report.Commands.Single(reading => reading.Name == "blpop").Upstream.Count);
        Assert.Equal((3, 1), (report.Total.Added.Count, report.Total.Upstream.Count));
    }

    [Fact]
    public void What_no_Redis_knows_has_a_number_of_its_own()
    {
        LoopUsage loop = _ledger.AddLoop();
        loop.Of("shop").Of(TenantUsage.Unknown).Calls++;
        loop.Of("shop").Of(TenantUsage.Unknown).Calls++;
        CommandReading reading = Assert.Single(_ledger.Of("shop").Commands);
        Assert.Equal((CommandReading.UnknownName, 2L, null), (reading.Name, reading.Calls, reading.Command));
        Assert.DoesNotContain(CommandTable.All, command => command.Name.Equals(CommandReading.UnknownName, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_tenant_without_clients_and_one_that_is_forgotten_have_empty_reports()
    {
        LoopUsage loop = _ledger.AddLoop();
        Use(loop, "shop", "GET", calls: 1);
        loop.Forget("shop");
        Assert.Empty(_ledger.Of("shop").Commands);
        Assert.Equal((0, 0, 0), (_ledger.Of("nobody").Total.Calls, _ledger.Of("nobody").Total.Added.Percentile(99), _ledger.Of("nobody").Total.Added.MeanMicroseconds));
        Assert.Empty(_ledger.All());
    }

    [Fact]
    public void Every_row_of_the_table_can_be_counted_and_takes_no_room_before_it_is_used()
    {
        LoopUsage loop = _ledger.AddLoop();
        Assert.Empty(_ledger.Of("shop").Commands);
        foreach (CommandSpec command in CommandTable.All) loop.Of("shop").Of(command.Index).Calls++;
        Assert.Equal(CommandTable.All.Select(command => command.Name.ToLowerInvariant()), _ledger.Of("shop").Commands.Select(reading => reading.Name));
    }

    [Fact]
    public void A_percentile_is_the_bound_of_the_bucket_that_holds_it_and_the_mean_is_exact()
    {
        CommandUsage usage = _ledger.AddLoop().Of("shop").Of(0);
        for (int i = 1; i <= 100; i++) usage.Added.Add(i * Microsecond, 1);
        usage.AddUpstream(100_000_000 * Microsecond, 1);

        CommandReading reading = _ledger.Of("shop").Commands[0];

        Assert.Equal([1, 10, 56, 96, 112, 112], ((double[])[0, 10, 50, 95, 99, 100]).Select(reading.Added.Percentile));
        Assert.Equal(50.5, reading.Added.MeanMicroseconds, 6);
        Assert.Equal(long.MaxValue, reading.Upstream.Percentile(50));
        Assert.Equal(100, reading.Upstream.TotalSeconds, 6);
        Assert.Throws<ArgumentOutOfRangeException>(() => reading.Added.Percentile(101));
        Assert.Throws<ArgumentOutOfRangeException>(() => reading.Added.Percentile(-1));
    }

    [Fact]
    public void Runs_of_equal_times_count_as_the_same_times_one_by_one()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(
            Gen.Choose(0, 100_000_000).Two().Select(pair => (Ticks: (long)pair.Item1, Calls: (pair.Item2 % 50) + 1)).ListOf().ToArbitrary(),
            runs =>
            {
                var ledger = new UsageLedger();
                CommandUsage whole = ledger.AddLoop().Of("whole").Of(0), single = ledger.AddLoop().Of("single").Of(0);
                foreach ((long ticks, int calls) in runs)
                {
                    whole.Added.Add(ticks, calls);
                    for (int i = 0; i < calls; i++) single.Added.Add(ticks, 1);
                }

                LatencyReading one = ledger.Of("whole").Total.Added, other = ledger.Of("single").Total.Added;
                return one.Counts.SequenceEqual(other.Counts) && one.TotalSeconds == other.TotalSeconds && one.Count == runs.Sum(run => run.Calls);
            }));
    }

    private static void Use(LoopUsage loop, string tenant, string command, int calls)
    {
        CommandUsage usage = loop.Of(tenant).Of(CommandTable.Find(System.Text.Encoding.ASCII.GetBytes(command))!.Index);
        usage.Calls += calls;
        usage.Errors += calls * 10;
        usage.RequestBytes += calls * 100;
        usage.ReplyBytes += calls * 1000;
        usage.Allowed += 1;
        usage.Denied += 2;
        usage.Throttled += 3;
        usage.Delayed += 4;
        usage.Shadowed += 5;
        usage.Added.Add(5 * Microsecond, calls);
        usage.AddUpstream(50 * Microsecond, calls);
    }
}
