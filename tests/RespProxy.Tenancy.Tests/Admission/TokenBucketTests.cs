using FsCheck;
using FsCheck.Fluent;
using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Tests.Admission;

public class TokenBucketTests
{
    private const long Second = AdmissionClock.TicksPerSecond;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(7, 100)]
    [InlineData(10, 5)]
    [InlineData(33_333_333, 99_999)]
    [InlineData(10_000_000_000, 1_000)]
    public void A_new_bucket_holds_its_burst_and_no_more(long rate, int burst)
    {
        var bucket = new TokenBucket(rate, burst);
        Assert.Equal(burst, Enumerable.Range(0, burst + 100).Count(_ => bucket.TryTake(now: 0, tokens: 1)));
    }

    [Fact]
    public void Tokens_come_back_one_by_one_and_not_a_tick_early()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5);
        Assert.True(bucket.TryTake(0, 5));
        Assert.False(bucket.TryTake((Second / 10) - 1, 1));
        Assert.True(bucket.TryTake(Second / 10, 1));
        Assert.False(bucket.TryTake(Second / 10, 1));
    }

    [Fact]
    public void An_idle_bucket_does_not_overflow()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5);
        Assert.False(bucket.TryTake(0, 5) && bucket.TryTake(1000 * Second, 5) && bucket.TryTake(1000 * Second, 1));
        Assert.True(bucket.TryTake(1001 * Second, 5));
    }

    [Fact]
    public void A_refusal_takes_nothing_and_tells_the_wait()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5);
        Assert.True(bucket.TryTake(0, 5));
        for (int i = 0; i < 100; i++)
        {
            Assert.False(bucket.TryReserve(0, 3, maxWait: (3 * Second / 10) - 1, out long wait));
            Assert.Equal(3 * Second / 10, wait);
            Assert.Equal(wait, bucket.WaitFor(0, 3));
        }

        Assert.True(bucket.TryTake(3 * Second / 10, 3));
    }

    [Fact]
    public void Who_may_wait_is_served_in_the_order_of_asking()
    {
        var bucket = new TokenBucket(rate: 10, burst: 1);
        Assert.True(bucket.TryTake(0, 1));
        for (int i = 1; i <= 3; i++)
        {
            Assert.True(bucket.TryReserve(0, 1, maxWait: 3 * Second / 10, out long wait));
            Assert.Equal(i * Second / 10, wait);
        }

        Assert.False(bucket.TryReserve(0, 1, maxWait: 3 * Second / 10, out _));
    }

    [Fact]
    public void A_cost_above_the_burst_passes_a_full_bucket_only_and_is_paid_for_afterwards()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5);
        Assert.True(bucket.TryTake(0, 25));
        Assert.False(bucket.TryTake(0, 0));
        Assert.Equal((25 - 5) * Second / 10, bucket.WaitFor(0, 0));
        Assert.Equal(25 * Second / 10, bucket.WaitFor(0, 25));
        Assert.True(bucket.TryTake(21 * Second / 10, 1));
    }

    [Fact]
    public void A_charge_is_taken_even_where_nothing_is_left()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5);
        bucket.Charge(0, 5);
        Assert.True(bucket.TryTake(0, 0));
        bucket.Charge(0, 5);
        Assert.Equal(5 * Second / 10, bucket.WaitFor(0, 0));
    }

    [Fact]
    public void The_largest_debt_neither_overflows_nor_outlasts_a_day()
    {
        var bucket = new TokenBucket(rate: 1, burst: 1);
        for (int i = 0; i < 1000; i++) bucket.Charge(0, long.MaxValue);
        Assert.InRange(bucket.WaitFor(0, 1), Second, 24 * 3600 * Second);
        Assert.True(bucket.TryTake((24 * 3600 * Second) + Second, 1));
    }

    [Fact]
    public void A_refund_makes_as_if_nothing_had_been_taken()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5);
        Assert.True(bucket.TryTake(0, 2));
        Assert.True(bucket.TryTake(0, 3));
        bucket.Refund(3);
        Assert.True(bucket.TryTake(0, 3));
        Assert.False(bucket.TryTake(0, 1));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(999)]
    [InlineData(100_000)]
    [InlineData(33_333_333)]
    [InlineData(100_000_000)]
    [InlineData(7_777_777_777)]
    public void Ten_seconds_of_asking_give_the_rate_and_not_a_token_more_or_less(long rate)
    {
        // Room for what comes between two ticks.
        var bucket = new TokenBucket(rate, burst: 2);
        Assert.True(bucket.TryTake(0, 2));
        long taken = 0;
        long step = Math.Max(1, Second / rate);
        long end = Math.Min(10 * Second, 1_000_000 * step);
        for (long now = 0; now <= end;)
        {
            now += Math.Max(1, bucket.WaitFor(now, 1));
            if (now <= end && bucket.TryTake(now, 1)) taken++;
        }

        double expected = (double)rate * end / Second;
        Assert.InRange(taken, expected - 2, expected);
    }

    [Fact]
    public void In_no_span_of_time_more_than_the_rate_and_the_burst_is_taken()
    {
        var steps = ArbMap.Default.ArbFor<int>().Generator.ListOf().ToArbitrary();
        Prop.ForAll(ArbMap.Default.ArbFor<PositiveInt>(), ArbMap.Default.ArbFor<PositiveInt>(), steps, (rate, burst, seeds) =>
        {
            long perSecond = 1 + (rate.Get * 977L % 1_000_000);
            long full = 1 + (burst.Get % Math.Min(1000, perSecond * 3600));
            var bucket = new TokenBucket(perSecond, full);
            var takes = new List<(long At, long Tokens)>();
            long now = 0;
            foreach (int seed in seeds)
            {
                now += (uint)seed % (Second * 2 / perSecond * full);
                long tokens = 1 + ((uint)seed % full);
                if (bucket.TryTake(now, tokens)) takes.Add((now, tokens));
            }

            for (int from = 0; from < takes.Count; from++)
            {
                long sum = 0;
                for (int to = from; to < takes.Count; to++)
                {
                    sum += takes[to].Tokens;
                    if (sum > full + ((double)(takes[to].At - takes[from].At) / Second * perSecond) + 1e-6) return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Many_threads_share_a_standing_clock_without_losing_or_doubling_a_token(int tokens)
    {
        // So many that one thread cannot take them all before the others have begun.
        const int Burst = 21_000_000;
        var bucket = new TokenBucket(rate: 1_000_000, Burst);
        Assert.Equal(Burst, await TakeFromManyThreadsAsync(bucket, now: 0, tokens));
        // A tenth of a second brings a hundred thousand.
        Assert.Equal(100_000 / tokens * tokens, await TakeFromManyThreadsAsync(bucket, now: Second / 10, tokens));
    }

    [Fact]
    public async Task Threads_that_give_back_what_they_took_leave_the_bucket_as_it_was()
    {
        const int Burst = 1_000;
        var bucket = new TokenBucket(rate: 1_000, Burst);
        await OnThreadsAsync(4, () =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                if (bucket.TryTake(0, 3)) bucket.Refund(3);
            }

            return 0;
        });
        Assert.Equal(Burst, await TakeFromManyThreadsAsync(bucket, now: 0, tokens: 1));
    }

    [Fact]
    public async Task Threads_on_a_running_clock_never_get_more_than_the_rate_and_the_burst()
    {
        const long Rate = 1_000_000, Burst = 100;
        var bucket = new TokenBucket(Rate, Burst);
        long clock = 0;
        const long End = 2 * Second / 10;
        long taken = await OnThreadsAsync(4, () =>
        {
            long mine = 0;
            for (long now = 0; now < End;)
            {
                // Each thread's clock is as old as it may be on a loop: others are ahead of it.
                if (bucket.TryTake(now, 1)) mine++;
                now = Interlocked.Add(ref clock, Second / 5_000_000);
            }

            return mine;
        });
        Assert.InRange(taken, (long)(Rate * 0.2 * 0.9), (long)(Rate * 0.2) + Burst + 1);
    }

    private static Task<long> TakeFromManyThreadsAsync(TokenBucket bucket, long now, int tokens) => OnThreadsAsync(4, () =>
    {
        long taken = 0;
        while (bucket.TryTake(now, tokens)) taken += tokens;
        return taken;
    });

    private static async Task<long> OnThreadsAsync(int threads, Func<long> work)
    {
        using var start = new Barrier(threads);
        long[] results = await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return work();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        return results.Sum();
    }
}
