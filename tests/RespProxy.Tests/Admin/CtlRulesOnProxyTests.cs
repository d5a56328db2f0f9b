using System.Net;
using System.Net.Sockets;
using RespProxy.Configuration;
using RespProxy.Hosting;
using RespProxy.Testing;

namespace RespProxy.Tests.Admin;

/// <summary><c>respproxy ctl rules</c> against a whole proxy.</summary>
public sealed class CtlRulesOnProxyTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("respproxy-ctl-rules-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Rules_are_checked_put_looked_at_and_taken_back()
    {
        int port = FreePort();
        using var stop = new CancellationTokenSource();
        Task<int> run = StartAsync(port, stop.Token);
        var url = new Uri($"http://127.0.0.1:{port}");
        await Eventually.HoldsAsync("the admin endpoint answers", async () => (await CtlProcess.RunAsync(url, "status")).ExitCode == 0);
        string wrong = Write("wrong.yaml", "tenants: [{name: app, databases: 0}]");
        string good = Write("good.yaml", "tenants: [{name: app, databases: 3}]");

        CtlResult refused = await CtlProcess.RunAsync(url, "rules", "check", wrong);
        CtlResult put = await CtlProcess.RunAsync(url, "rules", "put", good, "--author", "ann", "-m", "fewer");
        CtlResult stale = await CtlProcess.RunAsync(url, "rules", "put", good, "--expect", "1");
        CtlResult shown = await CtlProcess.RunAsync(url, "rules", "show");
        CtlResult back = await CtlProcess.RunAsync(url, "rules", "rollback", "1", "--author", "bob");
        CtlResult status = await CtlProcess.RunAsync(url, "status");
        CtlResult history = await CtlProcess.RunAsync(url, "rules", "history");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("tenants[0].databases: '0' is not a whole number", refused.Error, StringComparison.Ordinal);
        Assert.Equal((0, "version 2 is in force\n"), (put.ExitCode, put.Output));
        Assert.Equal(1, stale.ExitCode);
        Assert.Contains("# author: ann\n", shown.Output, StringComparison.Ordinal);
        Assert.EndsWith("tenants: [{name: app, databases: 3}]\n", shown.Output, StringComparison.Ordinal);
        Assert.Equal((0, "version 3 is in force\n"), (back.ExitCode, back.Output));
        Assert.Equal(["rules", "version", "3", "by", "bob,"], status.Line("rules")[..5]);
        Assert.Equal(["3", "yes"], history.Line("3")[..2]);
        Assert.Contains("bob", history.Line("3"));
        Assert.Equal(["2", "no"], history.Line("2")[..2]);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Ok, await run);
    }

    private Task<int> StartAsync(int port, CancellationToken stop)
    {
        string file = Write("respproxy.yaml", $$"""
            upstreams: [{name: main, mode: standalone, seeds: ["127.0.0.1:1"]}]
            listeners: [{bind: "127.0.0.1:0", tenant: app}]
            tenants: [{name: app}]
            admin: {bind: "127.0.0.1:{{port}}"}
            rules: {directory: {{_directory}}/rules}
            """);
        ConfigurationInput Read() => ConfigurationInput.OfFile(file, new Dictionary<string, string>(), []);
        ConfigurationInput input = Read();
        ConfigurationResult loaded = input.Load();
        return ProxyHost.RunAsync(loaded.Snapshot!, new ConfigurationSource(file, input, loaded, Read), cancellation: stop);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
