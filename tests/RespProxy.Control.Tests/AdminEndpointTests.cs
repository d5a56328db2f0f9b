using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control.Admin;
using RespProxy.Control.Metrics;
using RespProxy.Control.Reload;
using RespProxy.Downstream;
using RespProxy.Downstream.Quotas;

namespace RespProxy.Control.Tests;

public sealed class AdminEndpointTests : IAsyncLifetime
{
    private static readonly AdminSnapshot AnyPort = new() { Host = "127.0.0.1", Port = 0 };

    private readonly HttpClient _client = new();
    private ProxyStatus _status = ProxyStatus.Starting;
    private readonly List<(string, long)> _taken = [];
    private AdminEndpoint _endpoint = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _endpoint = await AdminEndpoint.StartAsync(
            AnyPort,
            [
                new HealthRoutes(() => Readiness.Of(_status, _status == ProxyStatus.Ready), () => Readiness.OfStart(_status)),
                new MetricsRoutes(() => [MetricFamily.Gauge("respproxy_test", "Test.").Add(3)], AdminAccess.None),
                new UsageRoutes(TakeUsage),
                new FailingRoutes(),
            ],
            NullLoggerFactory.Instance,
            Cancellation);
        _client.BaseAddress = _endpoint.Address;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _endpoint.DisposeAsync();
    }

    private UsageOutcome TakeUsage(string tenant, long bytes)
    {
        if (tenant is not ("shop" or "a/b%")) return tenant == "free" ? UsageOutcome.NoQuota : UsageOutcome.UnknownTenant;
        _taken.Add((tenant, bytes));
        return UsageOutcome.Taken;
    }

    [Fact]
    public async Task Readiness_follows_the_proxy_while_health_stays()
    {
        foreach ((ProxyStatus status, HttpStatusCode code, string word) in new[]
        {
            (ProxyStatus.Starting, HttpStatusCode.ServiceUnavailable, "starting"),
            (ProxyStatus.Ready, HttpStatusCode.OK, "ready"),
            (ProxyStatus.Draining, HttpStatusCode.ServiceUnavailable, "draining"),
        })
        {
            _status = status;
            using HttpResponseMessage ready = await _client.GetAsync(new Uri("/readyz", UriKind.Relative), Cancellation);
            using HttpResponseMessage startup = await _client.GetAsync(new Uri("/startupz", UriKind.Relative), Cancellation);
            using HttpResponseMessage health = await _client.GetAsync(new Uri("/healthz", UriKind.Relative), Cancellation);

            Assert.Equal(code, ready.StatusCode);
            Assert.StartsWith(word, await ready.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
            Assert.Equal(status == ProxyStatus.Starting ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, startup.StatusCode);
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        }
    }

    [Fact]
    public async Task Metrics_are_prometheus_text()
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri("/metrics", UriKind.Relative), Cancellation);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("# HELP respproxy_test Test.\n# TYPE respproxy_test gauge\nrespproxy_test 3\n", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Metrics_are_open_metrics_and_zipped_for_a_scraper_that_asks()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/metrics", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using HttpResponseMessage response = await _client.SendAsync(request, Cancellation);

        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var unzipped = new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(Cancellation), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(unzipped);
        Assert.Equal("# HELP respproxy_test Test.\n# TYPE respproxy_test gauge\nrespproxy_test 3\n# EOF\n", await reader.ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task Other_paths_and_methods_are_refused()
    {
        using HttpResponseMessage elsewhere = await _client.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
        using HttpResponseMessage post = await _client.PostAsync(new Uri("/metrics", UriKind.Relative), null, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Theory]
    [InlineData("PUT", "/tenants/shop/usage", "12345\n", HttpStatusCode.OK)]
    [InlineData("PUT", "/tenants/a%2fb%25/usage", "0", HttpStatusCode.OK)]
    [InlineData("PUT", "/tenants/free/usage", "1", HttpStatusCode.Conflict)]
    [InlineData("PUT", "/tenants/nobody/usage", "1", HttpStatusCode.NotFound)]
    [InlineData("PUT", "/tenants/shop/usage", "-1", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/tenants/shop/usage", "1GiB", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/tenants/shop/usage", "", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/tenants/shop/usage", "9223372036854775808", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/tenants/shop/usage", "00000000000000000000000000000000000000000", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("POST", "/tenants/shop/usage", "1", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PUT", "/tenants//usage", "1", HttpStatusCode.NotFound)]
    [InlineData("PUT", "/tenants/usage", "1", HttpStatusCode.NotFound)]
    [InlineData("PUT", "/api/v1/tenants/shop/usage", "12345\n", HttpStatusCode.OK)]
    [InlineData("PUT", "/api/v1/tenants/nobody/usage", "1", HttpStatusCode.NotFound)]
    public async Task Usage_is_taken_as_a_number_of_bytes_for_a_tenant_with_a_quota(string method, string path, string body, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative)) { Content = new StringContent(body) };
        using HttpResponseMessage response = await _client.SendAsync(request, Cancellation);

        Assert.Equal(expected, response.StatusCode);
        (string, long)[] taken = expected != HttpStatusCode.OK ? [] : [path.Contains("shop", StringComparison.Ordinal) ? ("shop", 12345) : ("a/b%", 0)];
        Assert.Equal(taken, _taken);
    }

    [Fact]
    public async Task What_goes_wrong_in_a_route_is_told_as_a_problem_without_its_reason()
    {
        using HttpResponseMessage failed = await _client.GetAsync(new Uri("/api/v1/fails", UriKind.Relative), Cancellation);
        using HttpResponseMessage silent = await _client.GetAsync(new Uri("/api/v1/is-silent", UriKind.Relative), Cancellation);
        using HttpResponseMessage missing = await _client.GetAsync(new Uri("/api/v1/nowhere", UriKind.Relative), Cancellation);

        Assert.Equal([HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable, HttpStatusCode.NotFound], [failed.StatusCode, silent.StatusCode, missing.StatusCode]);
        Assert.All([failed, silent, missing], response => Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.ToString()));
        Assert.DoesNotContain("a secret", await failed.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Contains("a loop is silent", await silent.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/metrics", "text/plain; version=0.0.4; charset=utf-8", null)] // written as it goes out
    [InlineData("/healthz", "text/plain; charset=utf-8", 6L)]
    public async Task HEAD_is_GET_without_the_body(string path, string contentType, long? length)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(path, UriKind.Relative));
        using HttpResponseMessage response = await _client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal((contentType, length), (response.Content.Headers.ContentType!.ToString(), response.Content.Headers.ContentLength));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task An_address_in_use_is_an_io_error()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        AdminSnapshot configuration = AnyPort with { Port = ((IPEndPoint)taken.LocalEndpoint).Port };

        await Assert.ThrowsAnyAsync<IOException>(() => AdminEndpoint.StartAsync(configuration, [], NullLoggerFactory.Instance, Cancellation));
    }
}

/// <summary>Handlers that throw.</summary>
internal sealed class FailingRoutes : IAdminRoutes
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/fails", _ => throw new InvalidOperationException("a secret"));
        routes.MapRead("/api/v1/is-silent", _ => throw new TimeoutException("a loop is silent"));
    }
}

public class ProxyMetricsTests
{
    [Fact]
    public async Task Every_family_has_help_a_conventional_name_and_samples()
    {
        var snapshot = new ProxySnapshot
        {
            Upstreams = [new UpstreamSnapshot { Name = "main", Mode = UpstreamMode.Standalone, Seeds = [new NodeAddress("127.0.0.1", 1)] }],
            Listeners = [],
            Tenants = [new TenantSnapshot { Name = "app1", Upstream = "main", Namespace = "cluster1@app1" }],
        };
        await using ProxyServer server = ProxyServer.Start(snapshot, NullLoggerFactory.Instance, TimeProvider.System);

        MetricFamily[] families = [.. ProxyMetrics.Collect(server, new UsageMetrics(), new ReloadReading(1, DateTimeOffset.UnixEpoch, 0, []), "1.2.3")];

        Assert.Contains("respproxy_build_info{version=\"1.2.3\",", PrometheusText.Format(families), StringComparison.Ordinal);
        Assert.Contains("respproxy_upstream_connections_made_total{upstream=\"main\"} ", PrometheusText.Format(families), StringComparison.Ordinal);
        Assert.Equal(families.Length, families.Select(family => family.Name).Distinct().Count());
        Assert.All(families, family =>
        {
            Assert.Matches("^[a-z][a-z0-9_]*$", family.Name);
            Assert.Equal(family.Kind == MetricKind.Counter, family.Name.EndsWith("_total", StringComparison.Ordinal));
            Assert.NotEmpty(family.Help);
        });
    }
}
