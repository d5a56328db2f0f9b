using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control.Reload;
using RespProxy.Downstream;

namespace RespProxy.Control.Tests;

public class ConfigurationReloadTests
{
    [Fact]
    public async Task A_reload_that_breaks_is_refused_like_a_wrong_configuration_and_the_next_one_counts()
    {
        var snapshot = new ProxySnapshot
        {
            Upstreams = [new UpstreamSnapshot { Name = "main", Mode = UpstreamMode.Standalone, Seeds = [new NodeAddress("127.0.0.1", 1)] }],
            Listeners = [],
            Tenants = [new TenantSnapshot { Name = "app1", Upstream = "main", Namespace = "main@app1" }],
        };
        await using ProxyServer server = ProxyServer.Start(snapshot, NullLoggerFactory.Instance, TimeProvider.System);
        bool breaks = true;
        var reload = new ConfigurationReload(
            server, () => breaks ? throw new InvalidOperationException("broken") : new ConfigurationResult(snapshot, []), TimeProvider.System, NullLogger.Instance);

        Assert.False(reload.Reload("test"));
        Assert.Equal((1, 1), (reload.Reading.Version, reload.Reading.Failures));
        Assert.Contains("broken", Assert.Single(reload.Reading.Errors), StringComparison.Ordinal);
        breaks = false;
        Assert.True(reload.Reload("test"));
        Assert.Equal((2, 1), (reload.Reading.Version, reload.Reading.Failures));
        Assert.Empty(reload.Reading.Errors);
    }
}
