using RespProxy.Downstream;

namespace RespProxy.Control.Tests;

public class ReadinessTests
{
    [Theory]
    [InlineData(ProxyStatus.Starting, false, false)]
    [InlineData(ProxyStatus.Starting, true, false)]
    [InlineData(ProxyStatus.Ready, false, false)]
    [InlineData(ProxyStatus.Ready, true, true)]
    [InlineData(ProxyStatus.Draining, false, false)]
    [InlineData(ProxyStatus.Draining, true, false)]
    [InlineData(ProxyStatus.Stopped, true, false)]
    public void Clients_are_sent_here_only_when_ready_and_not_draining(ProxyStatus status, bool isReady, bool expected) =>
        Assert.Equal(expected, Readiness.Of(status, isReady).IsReady);

    [Fact]
    public void The_reason_tells_starting_from_draining()
    {
        Assert.StartsWith("starting", Readiness.Of(ProxyStatus.Starting, false).Reason, StringComparison.Ordinal);
        Assert.StartsWith("starting", Readiness.Of(ProxyStatus.Ready, false).Reason, StringComparison.Ordinal);
        Assert.StartsWith("draining", Readiness.Of(ProxyStatus.Draining, true).Reason, StringComparison.Ordinal);
    }
}
