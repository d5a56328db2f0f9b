using System.Text;
using RespProxy.Configuration;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Tenancy.Tests.Quotas;

public class QuotaStateTests
{
    private const long GiB = 1L << 30;

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(1);

    private static QuotaState Of(long peak, bool enforce = false) => new("shop", new QuotaSnapshot { Peak = peak, Factor = 1, Enforce = enforce });

    /// <summary>The levels that the usages in turn raise events for; each event begins where the last has ended.</summary>
    private static QuotaLevel[] LevelsTold(QuotaState quota, params long[] usages)
    {
        QuotaEvent[] events = [.. usages.Select(usage => quota.Report(usage, Now)).OfType<QuotaEvent>()];
        Assert.All(events.Zip(events.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
        return [.. events.Select(raised => raised.To)];
    }

    [Fact]
    public void Each_level_is_told_when_usage_comes_to_it_and_over_only_beyond_the_whole()
    {
        Assert.Equal(
            [QuotaLevel.Raised, QuotaLevel.High, QuotaLevel.Critical, QuotaLevel.Over],
            LevelsTold(Of(1_000), 0, 599, 600, 600, 749, 750, 849, 850, 1_000, 1_001, 5_000));
    }

    [Fact]
    public void A_leap_over_levels_is_one_event()
    {
        QuotaEvent raised = Of(1_000).Report(900, Now)!;
        Assert.Equal(new QuotaEvent("shop", QuotaLevel.Low, QuotaLevel.Critical, 900, 1_000), raised);
    }

    [Fact]
    public void Usage_that_hovers_at_a_level_raises_one_event() =>
        Assert.Equal([QuotaLevel.High], LevelsTold(Of(1_000), [.. Enumerable.Range(0, 100).SelectMany(_ => (long[])[750, 749, 755, 701])]));

    [Fact]
    public void A_level_is_left_five_percent_below_its_beginning()
    {
        QuotaState quota = Of(1_000);
        Assert.Equal(
            [QuotaLevel.Over, QuotaLevel.Critical, QuotaLevel.High, QuotaLevel.Raised, QuotaLevel.Low],
            LevelsTold(quota, 1_001, 950, 949, 800, 799, 700, 699, 550, 549));
        Assert.Equal([QuotaLevel.Raised], LevelsTold(quota, 600));
    }

    [Fact]
    public void A_fall_over_levels_ends_where_usage_is() => Assert.Equal([QuotaLevel.Over, QuotaLevel.Low], LevelsTold(Of(1_000), 2_000, 10));

    [Fact]
    public void Numbers_as_large_as_they_get_are_compared_rightly() =>
        Assert.Equal([QuotaLevel.Critical, QuotaLevel.Over], LevelsTold(Of(1L << 50), (1L << 50) - 1, long.MaxValue));

    [Fact]
    public void An_enforced_quota_refuses_beyond_it_and_no_longer_at_it()
    {
        QuotaState quota = Of(4 * GiB, enforce: true);
        Assert.Null(quota.Refusal);
        quota.Report(4 * GiB, Now);
        Assert.Null(quota.Refusal);
        quota.Report((4 * GiB) + (GiB / 10) + 1, Now);
        Assert.Equal(
            "OOM tenant 'shop' is over its memory quota (4.1 GiB used of 4 GiB); delete keys, or let them expire", Encoding.UTF8.GetString(quota.Refusal!));
        quota.Report(4 * GiB, Now);
        Assert.Null(quota.Refusal);
    }

    [Fact]
    public void A_quota_that_is_not_enforced_refuses_nothing()
    {
        QuotaState quota = Of(1);
        Assert.NotNull(quota.Report(long.MaxValue, Now));
        Assert.Null(quota.Refusal);
    }

    [Fact]
    public void What_is_known_can_be_read_and_nothing_is_known_at_first()
    {
        QuotaState quota = Of(1_000, enforce: true);
        Assert.Equal(new QuotaReading(1_000, null, default, QuotaLevel.Low, IsEnforced: true), quota.Read());
        quota.Report(800, Now);
        Assert.Equal(new QuotaReading(1_000, 800, Now, QuotaLevel.High, IsEnforced: true), quota.Read());
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1024 * 1024 - 1, "1023.99 KiB")]
    [InlineData(long.MaxValue, "7.99 EiB")]
    public void Sizes_are_told_with_two_decimals_rounded_down(long bytes, string text) => Assert.Equal(text, QuotaState.Text(bytes));

    [Fact]
    public void Reports_from_many_threads_tell_of_each_change_once()
    {
        QuotaState quota = Of(1_000);
        int told = 0;
        Parallel.For(0, 10_000, i =>
        {
            if (quota.Report(800 + (i % 10), Now) is not null) Interlocked.Increment(ref told);
        });
        Assert.Equal(1, told);
    }
}
