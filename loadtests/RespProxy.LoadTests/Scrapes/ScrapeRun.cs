using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Scrapes;

/// <summary>Scrapes proxies with more and more tenants: how large /metrics is, and what it costs to tell it.</summary>
internal sealed class ScrapeRun(string binary, RedisUpstream upstream, WorkDirectory directory, TextWriter log)
{
    private const int WarmUp = 3;
    private const int Scrapes = 20;
    private const string Allocated = "\ndotnet_gc_allocated_bytes_total ";

    private static readonly int[] Tenants = [10, 100, 1000];

    public async Task<IReadOnlyList<ScrapeSample>> RunAsync(CancellationToken cancellation)
    {
        List<ScrapeSample> samples = [];
        foreach (int tenants in Tenants)
        {
            using ScrapedProxy proxy = new(binary, tenants, upstream, directory);
            samples.Add(await MeasureAsync(proxy, tenants, cancellation));
            log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tenants,5} tenants: {samples[^1].Series} series, {samples[^1].Bytes} bytes"));
        }

        return samples;
    }

    private static async Task<ScrapeSample> MeasureAsync(ScrapedProxy proxy, int tenants, CancellationToken cancellation)
    {
        ProcessSampler sampler = new(proxy.Pid);
        long resident = sampler.ResidentBytes();
        sampler.ResetPeak();
        using HttpClient http = new();
        for (int i = 0; i < WarmUp; i++)
            _ = await ScrapeAsync(http, proxy.Metrics, zipped: false, cancellation);
        List<double> plain = [], zipped = [], allocated = [];
        byte[] text = [], small = [];
        double? before = null;
        for (int i = 0; i < Scrapes; i++)
        {
            (text, double milliseconds) = await ScrapeAsync(http, proxy.Metrics, zipped: false, cancellation);
            plain.Add(milliseconds);
            double now = AllocatedIn(text);
            if (before is { } earlier)
                allocated.Add(now - earlier);
            before = now;
        }

        for (int i = 0; i < Scrapes; i++)
        {
            (small, double milliseconds) = await ScrapeAsync(http, proxy.Metrics, zipped: true, cancellation);
            zipped.Add(milliseconds);
        }

        return new ScrapeSample(tenants, SeriesIn(text), text.Length, small.Length, plain, zipped, Spread.Of(allocated)!.Value.Median, resident, sampler.PeakResidentBytes());
    }

    private static async Task<(byte[] Body, double Milliseconds)> ScrapeAsync(HttpClient http, Uri metrics, bool zipped, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, metrics);
        if (zipped)
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await http.SendAsync(request, cancellation);
        byte[] body = await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellation);
        return (body, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private static double AllocatedIn(byte[] text)
    {
        ReadOnlySpan<byte> rest = text.AsSpan(text.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(Allocated)) + Allocated.Length);
        return double.Parse(rest[..rest.IndexOf((byte)'\n')], CultureInfo.InvariantCulture);
    }

    private static int SeriesIn(byte[] text) => Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line[0] != '#');
}
