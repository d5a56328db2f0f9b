using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace RespProxy.Tests.Metrics;

/// <summary>One series of an answer: its labels, and its last value.</summary>
internal sealed record PrometheusSeries(IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Prometheus itself (Debian's package), scraping one target, gone on disposal.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("respproxy-prometheus-").FullName;
    private readonly HttpClient _http;
    private readonly Process _process;

    private PrometheusServer(int targetPort)
    {
        int port = FreePort();
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") };
        File.WriteAllText(
            Path.Combine(_directory, "prometheus.yml"),
            $$"""
            global: {scrape_interval: 250ms, scrape_timeout: 250ms}
            scrape_configs:
              - job_name: respproxy
                static_configs: [{targets: ["127.0.0.1:{{targetPort}}"]}]
            """);
        var start = new ProcessStartInfo("prometheus") { RedirectStandardError = true };
        foreach (string argument in (string[])["--config.file=prometheus.yml", "--storage.tsdb.path=data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]) start.ArgumentList.Add(argument);
        start.WorkingDirectory = _directory;
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
    }

    /// <summary>Returns when it has scraped the target at least twice.</summary>
    public static async Task<PrometheusServer> StartAsync(int targetPort)
    {
        var server = new PrometheusServer(targetPort);
        try
        {
            await server.WaitAsync("count_over_time(up[1m]) > 2 and up == 1");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The answer to an instant query.</summary>
    /// <exception cref="InvalidOperationException">The expression is wrong; the message says why.</exception>
    public async Task<IReadOnlyList<PrometheusSeries>> QueryAsync(string expression)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri("query?query=" + Uri.EscapeDataString(expression), UriKind.Relative));
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable) throw new HttpRequestException("Prometheus is starting");
        using JsonDocument document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (!response.IsSuccessStatusCode) throw new InvalidOperationException($"{expression}: {document.RootElement.GetProperty("error").GetString()}");
        JsonElement data = document.RootElement.GetProperty("data");
        if (data.GetProperty("resultType").GetString() != "vector") throw new InvalidOperationException($"{expression}: is a {data.GetProperty("resultType").GetString()}");
        return
        [
            .. data.GetProperty("result").EnumerateArray().Select(series => new PrometheusSeries(
                series.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!),
                double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture))),
        ];
    }

    /// <summary>What Prometheus knows of each metric: name and type.</summary>
    public async Task<IReadOnlyDictionary<string, string>> TypesAsync()
    {
        using JsonDocument document = JsonDocument.Parse(await _http.GetStringAsync(new Uri("metadata", UriKind.Relative)));
        return document.RootElement.GetProperty("data").EnumerateObject().ToDictionary(metric => metric.Name, metric => metric.Value[0].GetProperty("type").GetString()!);
    }

    /// <summary>Waits, with a bound, until the expression has an answer.</summary>
    public async Task<IReadOnlyList<PrometheusSeries>> WaitAsync(string expression)
    {
        string last = "no answer";
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(30) && await poll.WaitForNextTickAsync())
        {
            try
            {
                IReadOnlyList<PrometheusSeries> series = await QueryAsync(expression);
                if (series.Count > 0) return series;
            }
            catch (HttpRequestException exception)
            {
                last = exception.Message;
            }
        }

        throw new TimeoutException($"{expression}: {last}");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
