using System.Net;
using System.Net.Sockets;
using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.Hosting;

namespace RespProxy.Tests;

public class ProxyHostTests
{
    /// <summary>A valid configuration whose ports the system chooses.</summary>
    private static ProxySnapshot Snapshot(int adminPort)
    {
        ConfigurationResult result = ConfigurationLoader.LoadText(
            """
            upstreams: [{name: main, mode: standalone, seeds: ["127.0.0.1:1"]}]
            listeners: [{bind: "127.0.0.1:0", tenant: app}]
            tenants: [{name: app}]
            """,
            new Dictionary<string, string>(),
            [new ConfigurationOverride("admin.bind", $"127.0.0.1:{adminPort}", "test")]);
        Assert.Empty(result.Errors);
        return result.Snapshot!;
    }

    [Fact]
    public async Task A_run_that_is_told_to_stop_drains_and_exits_0()
    {
        using var stop = new CancellationTokenSource();
        ProxyServer? server = null;

        int code = await ProxyHost.RunAsync(Snapshot(0), started: started => { server = started; stop.Cancel(); }, cancellation: stop.Token);

        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(ProxyStatus.Stopped, server!.Status);
    }

    [Fact]
    public async Task An_admin_address_in_use_ends_the_run_with_exit_3()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        Assert.Equal(ExitCode.CannotListen, await ProxyHost.RunAsync(Snapshot(((IPEndPoint)taken.LocalEndpoint).Port), cancellation: TestContext.Current.CancellationToken));
    }
}
