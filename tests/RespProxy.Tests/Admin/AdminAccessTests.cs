using System.Net;
using RespProxy.Configuration;
using RespProxy.Control.Admin;

namespace RespProxy.Tests.Admin;

/// <summary>Who may call what.</summary>
public sealed class AdminAccessTests
{
    [Fact]
    public async Task Without_a_token_every_route_but_those_open_to_all_is_refused()
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.Remote);

        foreach (AdminRoute route in scene.Endpoint.Routes)
        {
            using HttpResponseMessage response = await scene.SendAsync(route.Method, AdminScene.PathOf(route), body: BodyOf(route));
            if (route.Access == AdminAccess.None) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            else AssertIs(HttpStatusCode.Unauthorized, response, route);
        }

        Assert.Equal(Downstream.ProxyStatus.Ready, scene.Proxy.Server.Status);
    }

    [Fact]
    public async Task Where_nothing_is_configured_that_a_caller_could_show_all_are_refused_and_told_what_to_configure()
    {
        await using AdminScene scene = await AdminScene.StartAsync(admin => admin with { AllowLoopback = false });

        foreach (AdminRoute route in scene.Endpoint.Routes.Where(route => route.Access != AdminAccess.None))
        {
            using HttpResponseMessage bare = await scene.SendAsync(route.Method, AdminScene.PathOf(route), body: BodyOf(route));
            AssertIs(HttpStatusCode.Forbidden, bare, route);
            if (route.Method != "HEAD") Assert.Contains("configure admin.tokens", await bare.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task With_a_wrong_token_every_route_is_refused_on_this_machine_too()
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.WithTokens);

        foreach (AdminRoute route in scene.Endpoint.Routes.Where(route => route.Access != AdminAccess.None))
        {
            using HttpResponseMessage response = await scene.SendAsync(route.Method, AdminScene.PathOf(route), "another-token-than-configured", BodyOf(route));
            AssertIs(HttpStatusCode.Unauthorized, response, route);
        }
    }

    [Fact]
    public async Task A_token_that_may_read_may_do_nothing_else()
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.Remote);

        foreach (AdminRoute route in scene.Endpoint.Routes)
        {
            using HttpResponseMessage response = await scene.SendAsync(route.Method, AdminScene.PathOf(route), AdminScene.Reader, BodyOf(route));
            if (route.Access == AdminAccess.Write) AssertIs(HttpStatusCode.Forbidden, response, route);
            else Assert.False(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{route}: {response.StatusCode}");
        }

        Assert.Equal(Downstream.ProxyStatus.Ready, scene.Proxy.Server.Status);
    }

    [Fact]
    public async Task A_token_that_may_write_may_do_everything()
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.Remote);

        foreach (AdminRoute route in scene.Endpoint.Routes)
        {
            using HttpResponseMessage response = await scene.SendAsync(route.Method, AdminScene.PathOf(route), AdminScene.Writer, BodyOf(route));
            Assert.False(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{route}: {response.StatusCode}");
        }
    }

    [Theory]
    [InlineData("Basic d3JpdGVyOmEtdG9rZW4tdGhhdC1tYXktd3JpdGU=")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("a-token-that-may-write")]
    [InlineData("Bearer a-token-that-may-writ")]
    [InlineData("Bearer a-token-that-may-write2")]
    [InlineData("Bearer A-TOKEN-THAT-MAY-WRITE")]
    [InlineData("Bearer writer")]
    public async Task What_is_not_quite_a_token_is_none(string authorization)
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.WithTokens);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/status");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using HttpResponseMessage response = await scene.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer realm=\"respproxy\"", response.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task Metrics_need_a_token_where_that_is_configured()
    {
        await using AdminScene scene = await AdminScene.StartAsync(admin => AdminScene.Remote(admin) with { MetricsToken = true });

        using HttpResponseMessage bare = await scene.SendAsync("GET", "/metrics");
        using HttpResponseMessage shown = await scene.SendAsync("GET", "/metrics", AdminScene.Reader);
        using HttpResponseMessage health = await scene.SendAsync("GET", "/readyz");

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.OK], [bare.StatusCode, shown.StatusCode, health.StatusCode]);
    }

    [Fact]
    public async Task Callers_of_this_machine_need_no_token()
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.WithTokens);

        using HttpResponseMessage read = await scene.SendAsync("GET", "/api/v1/status");
        using HttpResponseMessage write = await scene.SendAsync("PUT", "/api/v1/log/level", body: "Warning");

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [read.StatusCode, write.StatusCode]);
    }

    [Theory]
    [InlineData("Host", "attacker.example")]
    [InlineData("Host", "127.0.0.1.attacker.example:9180")]
    [InlineData("Host", "192.0.2.1:9180")]
    [InlineData("Origin", "http://attacker.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_in_a_browser_on_this_machine_is_not_a_caller_of_this_machine(string name, string value)
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.WithTokens);

        using HttpResponseMessage read = await scene.SendAsync("GET", "/api/v1/status", header: (name, value));
        using HttpResponseMessage write = await scene.SendAsync("POST", "/api/v1/drain", header: (name, value));

        Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.Forbidden], [read.StatusCode, write.StatusCode]);
        Assert.Equal(Downstream.ProxyStatus.Ready, scene.Proxy.Server.Status);
    }

    [Theory]
    [InlineData("Host", "localhost:9180", null)]
    [InlineData("Host", "[::1]:9180", null)]
    [InlineData("Host", "127.0.0.2", null)]
    [InlineData("Sec-Fetch-Site", "none", null)]
    [InlineData("Host", "proxy.internal", AdminScene.Reader)]
    public async Task This_machines_own_names_and_with_a_token_any_name_are_answered(string name, string value, string? token)
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.WithTokens);

        using HttpResponseMessage response = await scene.SendAsync("GET", "/api/v1/log/level", token, header: (name, value));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_page_of_the_endpoint_itself_is_answered()
    {
        await using AdminScene scene = await AdminScene.StartAsync();

        using HttpResponseMessage response = await scene.SendAsync("GET", "/api/v1/log/level", header: ("Origin", scene.Endpoint.Address.GetLeftPart(UriPartial.Authority)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Real-IP", "192.0.2.1")]
    public async Task What_a_proxy_on_this_machine_forwards_is_not_of_this_machine(string name, string value)
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.WithTokens);

        using HttpResponseMessage bare = await scene.SendAsync("GET", "/api/v1/status", header: (name, value));
        using HttpResponseMessage shown = await scene.SendAsync("GET", "/api/v1/status", AdminScene.Reader, header: (name, value));

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.OK], [bare.StatusCode, shown.StatusCode]);
    }

    [Theory]
    [InlineData("GET", "/api/v1/nowhere")]
    [InlineData("PATCH", "/api/v1/tenants")]
    [InlineData("GET", "/API/V1/nowhere")]
    [InlineData("POST", "/api")]
    public async Task Who_may_not_ask_is_not_even_told_what_there_is(string method, string path)
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.Remote);

        using HttpResponseMessage response = await scene.SendAsync(method, path);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Every_change_is_logged_with_who_and_what_and_from_where_and_no_token_ever()
    {
        await using AdminScene scene = await AdminScene.StartAsync(AdminScene.Remote);

        using HttpResponseMessage changed = await scene.SendAsync("PUT", "/api/v1/log/level", AdminScene.Writer, "Warning");
        using HttpResponseMessage refused = await scene.SendAsync("PUT", "/api/v1/log/level", "another-token-than-configured", "Debug");
        using HttpResponseMessage looked = await scene.SendAsync("GET", "/api/v1/log/level", AdminScene.Reader);

        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, scene.Threshold.Level);
        string change = Assert.Single(scene.Log, line => line.Contains("[6201]", StringComparison.Ordinal));
        Assert.Contains("writer from 127.0.0.1: PUT /api/v1/log/level: 200: log level Information became Warning", change, StringComparison.Ordinal);
        string refusal = Assert.Single(scene.Log, line => line.Contains("[6202]", StringComparison.Ordinal));
        Assert.Contains("refused 127.0.0.1: PUT /api/v1/log/level: the token is none of admin.tokens", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain(scene.Log, line => line.Contains("token-th", StringComparison.Ordinal));
    }

    private static string? BodyOf(AdminRoute route) => route.Method is "PUT" or "POST" ? "1" : null;

    private static void AssertIs(HttpStatusCode expected, HttpResponseMessage response, AdminRoute route)
    {
        Assert.True(response.StatusCode == expected, $"{route}: {response.StatusCode}");
        if (route.Method != "HEAD") Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
    }
}
