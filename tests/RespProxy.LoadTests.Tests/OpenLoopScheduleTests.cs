using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Tests;

public class OpenLoopScheduleTests
{
    [Theory]
    [InlineData(10_000, 0, 0)]
    [InlineData(10_000, 1, 100_000)]
    [InlineData(10_000, 9_999, 999_900_000)]
    [InlineData(10_000, 10_000, 1_000_000_000)]
    [InlineData(3, 1, 333_333_333)]
    [InlineData(3, 2, 666_666_666)]
    [InlineData(3, 3_000_000_000, 1_000_000_000_000_000_000)]
    public void A_request_is_due_at_its_index_over_the_rate_without_drift(int rate, long index, long expected) =>
        Assert.Equal(expected, new OpenLoopSchedule(rate, TimeSpan.FromSeconds(1)).DueNanoseconds(index));

    [Theory]
    [InlineData(10_000, 2.0, 20_000)]
    [InlineData(10_000, 0.3, 3_000)]
    [InlineData(1, 0.1, 1)]
    public void It_holds_as_many_requests_as_fit_the_duration_and_at_least_one(int rate, double seconds, long expected) =>
        Assert.Equal(expected, new OpenLoopSchedule(rate, TimeSpan.FromSeconds(seconds)).Count);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 0)]
    [InlineData(10, 1_000_000)]
    [InlineData(10_019, 1_001_000_000)]
    public void All_of_a_burst_are_due_with_its_first(long index, long expected) =>
        Assert.Equal(expected, new OpenLoopSchedule(10_000, TimeSpan.FromSeconds(1), burst: 10).DueNanoseconds(index));

    [Fact]
    public void Due_times_never_go_back()
    {
        OpenLoopSchedule schedule = new(7_919, TimeSpan.FromSeconds(3));
        for (long i = 1; i < schedule.Count; i++)
            Assert.True(schedule.DueNanoseconds(i) > schedule.DueNanoseconds(i - 1));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void A_rate_or_burst_of_zero_is_refused(int rate, int burst) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new OpenLoopSchedule(rate, TimeSpan.FromSeconds(1), burst));
}
