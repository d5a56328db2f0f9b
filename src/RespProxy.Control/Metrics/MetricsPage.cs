using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace RespProxy.Control.Metrics;

/// <summary>
/// The answer of /metrics, in the format and the encoding that the scraper asks for (RFC 9110, 12.5): the one it likes better, and where it is all the same to it,
/// OpenMetrics before the plain text and gzip before nothing. Who asks for neither gets the plain text: a person with a browser.
/// </summary>
internal static class MetricsPage
{
    private const string OpenMetricsType = "application/openmetrics-text";
    private const string TextType = "text/plain";
    private const string Gzip = "gzip";

    /// <summary>Writes it. Only the headers for HEAD.</summary>
    public static async Task WriteAsync(HttpContext context, Func<IEnumerable<MetricFamily>> metrics)
    {
        ExpositionFormat format = FormatFor(context.Request.Headers.Accept);
        bool isZipped = WantsGzip(context.Request.Headers.AcceptEncoding);
        HttpResponse response = context.Response;
        response.ContentType = PrometheusText.ContentTypeOf(format);
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Accept, Accept-Encoding";
        if (isZipped) response.Headers.ContentEncoding = Gzip;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (!isZipped)
        {
            await PrometheusText.WriteAsync(response.Body, metrics(), format, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        var zip = new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await using (zip.ConfigureAwait(false))
            await PrometheusText.WriteAsync(zip, metrics(), format, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The format that an Accept header asks for.</summary>
    internal static ExpositionFormat FormatFor(StringValues accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept, out IList<MediaTypeHeaderValue>? ranges)) return ExpositionFormat.Prometheus;
        double open = 0;
        double text = -1, anyText = -1, any = -1;
        foreach (MediaTypeHeaderValue range in ranges)
        {
            double quality = range.Quality ?? 1;
            if (IsOf(range, OpenMetricsType, "1.0.0")) open = Math.Max(open, quality);
            else if (IsOf(range, TextType, "0.0.4")) text = Math.Max(text, quality);
            else if (range.MediaType.Equals("text/*", StringComparison.OrdinalIgnoreCase)) anyText = Math.Max(anyText, quality);
            else if (range.MatchesAllTypes) any = Math.Max(any, quality);
        }

        // The most specific range speaks for the plain text.
        double plain = text >= 0 ? text : anyText >= 0 ? anyText : any;
        return open > 0 && open >= plain ? ExpositionFormat.OpenMetrics : ExpositionFormat.Prometheus;
    }

    /// <summary>True where an Accept-Encoding header takes gzip, and does not like no encoding better.</summary>
    internal static bool WantsGzip(StringValues acceptEncoding)
    {
        if (!StringWithQualityHeaderValue.TryParseList(acceptEncoding, out IList<StringWithQualityHeaderValue>? codings)) return false;
        double gzip = QualityOf(codings, Gzip) ?? QualityOf(codings, "*") ?? 0;
        double identity = QualityOf(codings, "identity") ?? 0;
        return gzip > 0 && gzip >= identity;
    }

    private static bool IsOf(MediaTypeHeaderValue range, string type, string version)
    {
        if (!range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)) return false;
        foreach (NameValueHeaderValue parameter in range.Parameters)
        {
            if (parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase)) return HeaderUtilities.RemoveQuotes(parameter.Value).Equals(version, StringComparison.Ordinal);
        }

        return true;
    }

    private static double? QualityOf(IList<StringWithQualityHeaderValue> codings, string name) =>
        codings.FirstOrDefault(coding => coding.Value.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found ? found.Quality ?? 1 : null;
}
