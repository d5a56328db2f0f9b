using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RespProxy.Configuration;
using RespProxy.Hosting;

namespace RespProxy.Tests;

/// <summary>A whole proxy with a configuration file that changes under it.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("respproxy-reload-").FullName;
    private readonly int _adminPort = FreePort();

    private string File => Path.Combine(_directory, "respproxy.yaml");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_changed_file_and_SIGHUP_put_a_good_configuration_in_force_and_leave_the_old_one_for_a_bad_one()
    {
        Write(maxConnections: 1);
        using var stop = new CancellationTokenSource();
        Task<int> run = RunAsync(stop.Token);
        await MetricAsync("respproxy_configuration_version", 1);

        Write(maxConnections: 2);
        await MetricAsync("respproxy_configuration_version", 2);
        System.IO.File.WriteAllText(File, "tenants: 7");
        await MetricAsync("respproxy_configuration_last_reload_successful", 0);
        await MetricAsync("respproxy_configuration_version", 2);
        Write(maxConnections: 3);
        await MetricAsync("respproxy_configuration_version", 3);
        await MetricAsync("respproxy_configuration_last_reload_successful", 1);
        await MetricAsync("respproxy_configuration_reload_failures_total", 1);

        // The same file again, for what it only names.
        using (Process kill = Process.Start("kill", ["-HUP", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await MetricAsync("respproxy_configuration_version", 4);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Ok, await run);
    }

    [Fact]
    public async Task A_rule_set_that_was_put_over_http_is_in_force_after_a_restart_until_the_file_changes()
    {
        Write(maxConnections: 1);
        await RunUntilAsync(async http =>
        {
            await MetricAsync("respproxy_rules_version", 1);
            using var rules = new StringContent("tenants: [{name: app, databases: 3}]");
            using HttpResponseMessage put = await http.PutAsync(new Uri($"http://127.0.0.1:{_adminPort}/api/v1/rules?author=ada"), rules);
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
            await MetricAsync("respproxy_rules_version", 2);
        });
        await RunUntilAsync(async http =>
        {
            await MetricAsync("respproxy_rules_version", 2);
            Assert.Contains("\"author\":\"ada\"", await http.GetStringAsync(new Uri($"http://127.0.0.1:{_adminPort}/api/v1/rules")), StringComparison.Ordinal);
            Write(maxConnections: 2);
            await MetricAsync("respproxy_rules_version", 3);
        });
    }

    private async Task RunUntilAsync(Func<HttpClient, Task> look)
    {
        using var stop = new CancellationTokenSource();
        using var http = new HttpClient();
        Task<int> run = RunAsync(stop.Token);
        await look(http);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Ok, await run);
    }

    private Task<int> RunAsync(CancellationToken stop)
    {
        ConfigurationInput input = Read();
        ConfigurationResult file = input.Load();
        return ProxyHost.RunAsync(file.Snapshot!, new ConfigurationSource(File, input, file, Read), cancellation: stop);
    }

    private ConfigurationInput Read() => ConfigurationInput.OfFile(File, new Dictionary<string, string>(), []);

    private void Write(int maxConnections) => System.IO.File.WriteAllText(
        File,
        $$"""
        upstreams: [{name: main, mode: standalone, seeds: ["127.0.0.1:1"]}]
        listeners: [{bind: "127.0.0.1:0", tenant: app}]
        tenants:
        - name: app
          limits:
            maxConnections: {{maxConnections}}
        admin:
          bind: 127.0.0.1:{{_adminPort}}
        rules:
          directory: {{_directory}}/rules
        """);

    /// <summary>Waits, with a bound, until the metric has the value.</summary>
    private async Task MetricAsync(string name, int value)
    {
        using var http = new HttpClient();
        string last = "nothing";
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await poll.WaitForNextTickAsync(CancellationToken.None))
        {
            try
            {
                last = await http.GetStringAsync(new Uri($"http://127.0.0.1:{_adminPort}/metrics"), bound.Token);
                if (last.Contains($"\n{name} {value}\n", StringComparison.Ordinal)) return;
            }
            catch (HttpRequestException exception)
            {
                last = exception.Message;
            }

            Assert.False(bound.IsCancellationRequested, $"{name} never became {value}; last: {last}");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
