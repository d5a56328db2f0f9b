using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control;
using RespProxy.Control.Admin;

namespace RespProxy.Tests;

public class VerbTests
{
    private static readonly string Example = Path.Combine(AppContext.BaseDirectory, "config", "respproxy.yaml");

    [Theory]
    [InlineData("--config x", "run --config x")]
    [InlineData("-c x", "run -c x")]
    [InlineData("--loops 2", "run --loops 2")]
    [InlineData("run --loops 2", "run --loops 2")]
    [InlineData("--help", "--help")]
    [InlineData("-h", "-h")]
    [InlineData("--version", "--version")]
    [InlineData("check-config x", "check-config x")]
    public void Options_without_a_verb_are_run_s(string given, string meant) =>
        Assert.Equal(meant.Split(' '), Program.WithDefaultVerb(given.Split(' ')));

    [Fact]
    public async Task A_valid_configuration_is_exit_0() => Assert.Equal(0, await Program.Main(["check-config", Example]));

    [Theory]
    [InlineData("check-config", "/nowhere.yaml")]
    [InlineData("check-config")]
    [InlineData("frobnicate")]
    [InlineData("run", "--frobnicate")]
    [InlineData("run", "--set", "loops")]
    [InlineData("run", "--config", "/nowhere.yaml")]
    [InlineData("run", "--loops", "0")]
    [InlineData("healthcheck", "--url", "nowhere")]
    [InlineData("healthcheck", "--timeout", "0")]
    public async Task A_wrong_configuration_or_command_line_is_exit_2(params string[] arguments) => Assert.Equal(2, await Program.Main(arguments));

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task A_healthcheck_is_exit_0_only_when_ready(bool ready, int code)
    {
        await using AdminEndpoint endpoint = await AdminEndpoint.StartAsync(
            new AdminSnapshot { Port = 0 }, [new HealthRoutes(() => new Readiness(ready, "because"), () => default)], NullLoggerFactory.Instance, TestContext.Current.CancellationToken);

        Assert.Equal(code, await Program.Main(["healthcheck", "--url", $"{endpoint.Address}readyz"]));
    }

    [Fact]
    public async Task A_healthcheck_of_nobody_is_exit_1() =>
        Assert.Equal(1, await Program.Main(["healthcheck", "--url", "http://127.0.0.1:1/readyz"]));
}
