using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RespProxy.Configuration;
using RespProxy.Testing;

namespace RespProxy.Tests.Admin;

/// <summary><c>respproxy ctl</c> as a process, against a running proxy.</summary>
public sealed class CtlTests(OneRedis redis) : IClassFixture<OneRedis>
{
    [Fact]
    public async Task What_the_API_tells_is_shown_as_tables()
    {
        await using AdminScene scene = await AdminScene.StartAsync(seed: redis.Address, adjust: snapshot => snapshot with { SlowLog = new SlowLogSnapshot { Threshold = TimeSpan.Zero } });
        await using RespClient client = await scene.Proxy.ConnectAsync();
        await client.CommandAsync("SET", "greeting", new string('x', 200_000));
        await client.CommandAsync("GET", "greeting");
        Uri url = scene.Endpoint.Address;

        CtlResult[] results = await Task.WhenAll(
            CtlProcess.RunAsync(url, "status"), CtlProcess.RunAsync(url, "tenants"), CtlProcess.RunAsync(url, "tenant", "app1"), CtlProcess.RunAsync(url, "clusters"),
            CtlProcess.RunAsync(url, "clusters", "cluster1"), CtlProcess.RunAsync(url, "connections"), CtlProcess.RunAsync(url, "hotkeys", "app1"),
            CtlProcess.RunAsync(url, "bigkeys", "app1"), CtlProcess.RunAsync(url, "slowlog", "app1"));

        Assert.All(results, result => Assert.Equal((0, ""), (result.ExitCode, result.Error)));
        Assert.Equal(["status", "ready", "(ready)"], results[0].Line("status"));
        Assert.Equal(["app1", "cluster1", "1"], results[1].Line("app1")[..3]);
        Assert.Equal(["get", "1", "0"], results[2].Line("get")[..3]);
        Assert.Equal(["cluster1", "standalone", "yes", "16384"], results[3].Line("cluster1")[..4]);
        Assert.Equal([$"{redis.Address.Host}:{redis.Address.Port}", "primary", "yes"], results[4].Line($"{redis.Address.Host}:{redis.Address.Port}")[..3]);
        Assert.Contains("app1", results[5].Line("1"));
        Assert.Contains(results[6].Output.Split('\n'), line => line.EndsWith(" greeting", StringComparison.Ordinal));
        Assert.Contains(results[7].Output.Split('\n'), line => line.EndsWith(" greeting", StringComparison.Ordinal));
        Assert.Contains(results[8].Output.Split('\n'), line => line.EndsWith(" GET greeting", StringComparison.Ordinal));
    }

    [Fact]
    public async Task As_JSON_it_is_what_the_API_answers()
    {
        await using AdminScene scene = await AdminScene.StartAsync(seed: redis.Address);

        CtlResult result = await CtlProcess.RunAsync(scene.Endpoint.Address, "tenants", "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["app1", "app2"], JsonDocument.Parse(result.Output).RootElement.GetProperty("tenants").EnumerateArray().Select(tenant => tenant.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Connections_are_closed_and_the_log_level_is_moved()
    {
        await using AdminScene scene = await AdminScene.StartAsync(seed: redis.Address);
        await using RespClient client = await scene.Proxy.ConnectAsync();
        await using RespClient other = await scene.Proxy.ConnectAsync();
        string id = (await client.CommandAsync("CLIENT", "ID")).Integer.ToString(CultureInfo.InvariantCulture);
        Uri url = scene.Endpoint.Address;

        CtlResult killed = await CtlProcess.RunAsync(url, "kill", id);
        CtlResult gone = await CtlProcess.RunAsync(url, "kill", id);
        CtlResult moved = await CtlProcess.RunAsync(url, "log-level", "debug");
        CtlResult wrong = await CtlProcess.RunAsync(url, "log-level", "loud");

        Assert.Equal((0, "1 connection(s) closed\n"), (killed.ExitCode, killed.Output));
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Equal("PONG", (await other.CommandAsync("PING")).Text);
        Assert.Equal(1, gone.ExitCode);
        Assert.Contains("refused (404): there is no such connection", gone.Error, StringComparison.Ordinal);
        Assert.Equal((0, "Debug\n"), (moved.ExitCode, moved.Output));
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Debug, scene.Threshold.Level);
        Assert.Equal(2, wrong.ExitCode);
    }

    [Fact]
    public async Task A_token_comes_from_a_file_or_the_environment_and_without_one_it_is_told_how()
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.Remote);
        string url = scene.Endpoint.Address.ToString();
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, AdminScene.Reader + "\n", TestContext.Current.CancellationToken);

            CtlResult ofFile = await CtlProcess.RunBareAsync(null, "--url", url, "status", "--token-file", file);
            CtlResult ofEnvironment = await CtlProcess.RunBareAsync(new() { ["RESPPROXY_CTL_URL"] = url, ["RESPPROXY_CTL_TOKEN"] = AdminScene.Reader }, "status");
            CtlResult without = await CtlProcess.RunBareAsync(null, "--url", url, "status");
            CtlResult readOnly = await CtlProcess.RunBareAsync(null, "--url", url, "drain", "--token", AdminScene.Reader);

            Assert.Equal([0, 0, 1, 1], [ofFile.ExitCode, ofEnvironment.ExitCode, without.ExitCode, readOnly.ExitCode]);
            Assert.Contains("(401)", without.Error, StringComparison.Ordinal);
            Assert.Contains("--token-file FILE", without.Error, StringComparison.Ordinal);
            Assert.Contains("needs one with access: write", readOnly.Error, StringComparison.Ordinal);
            Assert.Equal(Downstream.ProxyStatus.Ready, scene.Proxy.Server.Status);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_client_certificate_does_as_well_and_only_the_proxy_of_the_named_authority_is_talked_to()
    {
        using var ours = new TestAuthority("ours");
        using var foreign = new TestAuthority("foreign");
        (string certificate, string key) = ours.Server();
        await using AdminScene scene = await AdminScene.StartAsync(admin => admin with
        {
            AllowLoopback = false,
            Tls = new AdminTlsSnapshot { Certificate = certificate, Key = key, ClientCertificates = ours.Path },
        });
        (string clientCertificate, string clientKey) = ours.Client("operator");

        CtlResult known = await CtlProcess.RunAsync(scene.Endpoint.Address, "log-level", "Error", "--cert", clientCertificate, "--key", clientKey, "--ca", ours.Path);
        CtlResult wrongAuthority = await CtlProcess.RunAsync(scene.Endpoint.Address, "status", "--cert", clientCertificate, "--key", clientKey, "--ca", foreign.Path);
        CtlResult noKey = await CtlProcess.RunAsync(scene.Endpoint.Address, "status", "--cert", clientCertificate);

        Assert.Equal((0, "Error\n"), (known.ExitCode, known.Output));
        Assert.Equal(1, wrongAuthority.ExitCode);
        Assert.Contains("Does --ca name the authority", wrongAuthority.Error, StringComparison.Ordinal);
        Assert.Equal(2, noKey.ExitCode);
    }

    [Theory]
    [InlineData(1, "Does the proxy run, with admin.enabled: true? Is --url its admin.bind?", "--url", "http://127.0.0.1:1", "status")]
    [InlineData(2, "--url must be http://host:port or https://host:port", "--url", "nowhere", "status")]
    [InlineData(2, "--watch must be 0.1 to 86400 seconds", "status", "--watch", "0")]
    [InlineData(2, "--watch is for what only looks", "drain", "--watch", "1")]
    [InlineData(2, "/nowhere cannot be read", "rules", "put", "/nowhere")]
    public async Task What_cannot_be_done_is_told_with_what_to_do(int exitCode, string told, params string[] arguments)
    {
        CtlResult result = await CtlProcess.RunBareAsync(environment: null, arguments);

        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.Contains(told, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Top_shows_the_tenants_again_and_again_the_busiest_first()
    {
        await using AdminScene scene = await AdminScene.StartAsync(seed: redis.Address);
        await using RespClient client = await scene.Proxy.ConnectAsync("app2");
        using Process process = CtlProcess.Start(null, "--url", scene.Endpoint.Address.ToString(), "top", "--watch", "0.3");
        try
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var order = new List<string>();
            int looks = 0;
            // Looks end when the busy tenant has come before the idle one, which its name would not have done for it.
            while (looks < 2 || order is not [.., "app2", "app1"])
            {
                for (int i = 0; i < 20; i++) await client.CommandAsync("GET", "a");
                string line = await process.StandardOutput.ReadLineAsync(bound.Token) ?? throw new EndOfStreamException(await process.StandardError.ReadToEndAsync(bound.Token));
                if (line.Contains("tenant(s)", StringComparison.Ordinal)) looks++;
                if (line.StartsWith("app", StringComparison.Ordinal)) order.Add(line[..4]);
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }
}
