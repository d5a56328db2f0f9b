using System.Diagnostics;

namespace RespProxy.Tests.Metrics;

/// <summary>What /metrics tells, as Prometheus's own programs see it.</summary>
[Collection<MetricsCollection>]
public sealed class ScrapeTests(MetricsScene scene)
{
    [Fact]
    public async Task Promtool_has_nothing_to_say_against_a_scrape()
    {
        var start = new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        using Process promtool = Process.Start(start)!;
        Task<string> output = promtool.StandardOutput.ReadToEndAsync();
        Task<string> errors = promtool.StandardError.ReadToEndAsync();

        await promtool.StandardInput.WriteAsync(await scene.ScrapeAsync());
        promtool.StandardInput.Close();

        Assert.Equal("", await output + await errors);
        await promtool.WaitForExitAsync();
        Assert.Equal(0, promtool.ExitCode);
    }

    [Fact]
    public async Task Prometheus_takes_every_family_with_its_type_and_all_its_series()
    {
        IReadOnlyDictionary<string, string> types = await scene.Prometheus.TypesAsync();

        foreach ((string name, (string type, _, int series)) in await scene.FamiliesAsync())
        {
            // It asks for OpenMetrics, which names a counter's family without its ending.
            Assert.Equal(type, types[type == "counter" ? name[..^"_total".Length] : name]);
            Assert.Equal(series, (await scene.Prometheus.QueryAsync($"count({(type == "histogram" ? name + "_count" : name)})"))[0].Value);
        }
    }

    [Fact]
    public async Task Prometheus_tells_quantiles_of_both_latencies()
    {
        await scene.TrafficAsync();
        foreach (string family in (string[])["respproxy_added_latency_seconds", "respproxy_upstream_latency_seconds", "respproxy_command_added_latency_seconds", "respproxy_command_upstream_latency_seconds"])
        {
            IReadOnlyList<PrometheusSeries> quantile = await scene.Prometheus.WaitAsync($"histogram_quantile(0.99, sum by (le, tenant) (rate({family}_bucket{{tenant=\"shop\"}}[30s]))) > 0");

            Assert.InRange(quantile[0].Value, 0.000_001, 20);
        }

        double share = (await scene.Prometheus.QueryAsync("sum(rate(respproxy_loop_busy_seconds_total[30s]))"))[0].Value;
        Assert.InRange(share, 0.000_001, 1);
    }
}
