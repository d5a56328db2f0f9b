using RespProxy.Upstream.Connections;

namespace RespProxy.Upstream.Tests.Connections;

public sealed class ReconnectBackoffTests
{
    [Theory]
    [InlineData(0, 50)]
    [InlineData(1, 100)]
    [InlineData(4, 800)]
    [InlineData(6, 2000)]
    [InlineData(1000, 2000)]
    [InlineData(int.MaxValue, 2000)]
    public void The_wait_doubles_up_to_two_seconds_and_is_jittered_over_its_upper_half(int failures, int longest)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(longest / 2.0), ReconnectBackoff.Next(failures, 0));
        Assert.Equal(longest, ReconnectBackoff.Next(failures, 0.999_999).TotalMilliseconds, tolerance: 0.01);
    }
}
