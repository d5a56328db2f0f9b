using RespProxy.Control.Metrics;

namespace RespProxy.Control.Tests;

public class MetricsPageTests
{
    [Theory]
    // What Prometheus 2.42 and 3 send.
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", ExpositionFormat.OpenMetrics)]
    // Browsers, curl, nobody.
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ExpositionFormat.Prometheus)]
    [InlineData("*/*", ExpositionFormat.Prometheus)]
    [InlineData("", ExpositionFormat.Prometheus)]
    // Preferences.
    [InlineData("application/openmetrics-text", ExpositionFormat.OpenMetrics)]
    [InlineData("text/plain, application/openmetrics-text", ExpositionFormat.OpenMetrics)]
    [InlineData("text/plain;q=0.9, application/openmetrics-text;q=0.8", ExpositionFormat.Prometheus)]
    [InlineData("text/*;q=0.9, application/openmetrics-text;q=0.8", ExpositionFormat.Prometheus)]
    [InlineData("text/plain;q=0.1, text/*;q=0.9, */*, application/openmetrics-text;q=0.8", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;q=0, text/plain;q=0", ExpositionFormat.Prometheus)]
    [InlineData("application/openmetrics-text;version=0.0.1", ExpositionFormat.Prometheus)]
    [InlineData("application/openmetrics-text;version=\"1.0.0\"", ExpositionFormat.OpenMetrics)]
    [InlineData(";;;=", ExpositionFormat.Prometheus)]
    public void The_format_is_the_one_that_is_liked_better(string accept, ExpositionFormat expected) => Assert.Equal(expected, MetricsPage.FormatFor(accept));

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("deflate, gzip;q=0.5", true)]
    [InlineData("*", true)]
    [InlineData("gzip;q=0, *", false)]
    [InlineData("gzip;q=0", false)]
    [InlineData("gzip;q=0.5, identity", false)]
    [InlineData("br", false)]
    [InlineData("", false)]
    public void It_is_zipped_for_those_who_want_it(string acceptEncoding, bool expected) => Assert.Equal(expected, MetricsPage.WantsGzip(acceptEncoding));
}
