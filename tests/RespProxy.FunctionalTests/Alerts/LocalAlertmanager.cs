using System.Diagnostics;
using System.Globalization;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests.Alerts;

/// <summary>A real Alertmanager on loopback, by itself (no cluster), gone with the tests.</summary>
internal sealed class LocalAlertmanager : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;
    private readonly StringBuilder _output = new();

    private LocalAlertmanager(Process process, string directory, Uri address)
    {
        _process = process;
        _directory = directory;
        Address = address;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    /// <summary>Starts one with a receiver for each level, which is told at once, and returns when it takes alerts.</summary>
    /// <param name="sink">Told at the path <c>am/LEVEL</c>.</param>
    public static Task<LocalAlertmanager> StartWithReceiversAsync(Uri sink)
    {
        string routes = string.Concat(AlertRules.Levels.Select(level => $"    - matchers: ['level=\"{level}\"']\n      receiver: l{level}\n"));
        string receivers = string.Concat(AlertRules.Levels.Select(level => $"  - name: l{level}\n    webhook_configs: [{{url: \"{sink}am/{level}\", send_resolved: true}}]\n"));
        return StartAsync($"""
            route:
              receiver: none
              group_by: [alertname, level, tenant, node]
              group_wait: 0s
              group_interval: 1s
              repeat_interval: 1h
              routes:
            {routes}
            receivers:
              - name: none
            {receivers}
            """);
    }

    private static async Task<LocalAlertmanager> StartAsync(string configuration)
    {
        string directory = Directory.CreateTempSubdirectory("respproxy-alertmanager-").FullName;
        string file = Path.Combine(directory, "alertmanager.yml");
        await File.WriteAllTextAsync(file, configuration);
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{HttpSink.FreePort()}");
        Process process = OtherPrograms.StartUntilClosed(
            "prometheus-alertmanager", $"--config.file={file}", $"--storage.path={directory}/data", $"--web.listen-address={address}", "--cluster.listen-address=");
        var started = new LocalAlertmanager(process, directory, new Uri($"http://{address}/"));
        try
        {
            using var client = new HttpClient();
            await Eventually.HoldsAsync("Alertmanager is ready", () => started.AnswersAsync(client), TimeSpan.FromSeconds(60));
            return started;
        }
        catch (TimeoutException exception)
        {
            await started.DisposeAsync();
            throw new InvalidOperationException($"Alertmanager does not start: {started._output}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void Keep(string? line)
    {
        lock (_output) _output.AppendLine(line);
    }

    private async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri(Address, "/-/ready"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
