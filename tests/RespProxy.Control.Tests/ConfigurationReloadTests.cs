using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Control.Reload;

namespace RespProxy.Control.Tests;

public class ConfigurationReloadTests
{
    [Fact]
    public void A_reload_that_breaks_is_refused_like_a_wrong_configuration_and_the_next_one_counts()
    {
        bool breaks = true;
        var reload = new ConfigurationReload(() => breaks ? throw new InvalidOperationException("broken") : [], TimeProvider.System, NullLogger.Instance);

        Assert.False(reload.Reload("test"));
        Assert.Equal((1, 1), (reload.Reading.Version, reload.Reading.Failures));
        Assert.Contains("broken", Assert.Single(reload.Reading.Errors), StringComparison.Ordinal);
        breaks = false;
        Assert.True(reload.Reload("test"));
        Assert.Equal((2, 1), (reload.Reading.Version, reload.Reading.Failures));
        Assert.Empty(reload.Reading.Errors);
    }
}
