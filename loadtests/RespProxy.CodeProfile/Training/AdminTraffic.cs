using System.Text;

namespace RespProxy.CodeProfile.Training;

/// <summary>What probes, scrapers and operators ask for.</summary>
internal sealed class AdminTraffic(int port)
{
    private static readonly string[] Paths =
    [
        "/healthz", "/readyz", "/startupz", "/metrics", "/api/v1/status", "/api/v1/tenants", "/api/v1/tenants/shop", "/api/v1/tenants/shop/usage", "/api/v1/tenants/shop/hotkeys",
        "/api/v1/tenants/shop/bigkeys", "/api/v1/tenants/shop/slowlog", "/api/v1/clusters", "/api/v1/clusters/main", "/api/v1/connections", "/api/v1/log/level", "/api/v1/rules",
        "/api/v1/rules/history", "/api/v1/openapi.json", "/api/v1/tenants/nobody",
    ];

    public async Task SendAllAsync()
    {
        foreach (string path in Paths) await SendAsync(HttpMethod.Get, path).ConfigureAwait(false);
        await SendAsync(HttpMethod.Get, "/metrics", headers: [("Accept-Encoding", "gzip")]).ConfigureAwait(false);
        await SendAsync(HttpMethod.Get, "/metrics", headers: [("Accept", "application/openmetrics-text; version=1.0.0")]).ConfigureAwait(false);
        await SendAsync(HttpMethod.Get, "/metrics", headers: [("Connection", "close")]).ConfigureAwait(false);
        const string Rules = "tenants:\n  - name: shop\n    upstream: main\n    limits:\n      commandsPerSecond: 100000\n";
        await SendAsync(HttpMethod.Post, "/api/v1/rules/check", Rules).ConfigureAwait(false);
        await SendAsync(HttpMethod.Post, "/api/v1/rules/dry-run", Rules).ConfigureAwait(false);
        await SendAsync(HttpMethod.Put, "/api/v1/log/level", "{\"level\":\"Information\"}").ConfigureAwait(false);
    }

    /// <summary>Sends one request and reads its answer to the end, whatever it is.</summary>
    public async Task SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{port}{path}");
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await client.SendAsync(request).ConfigureAwait(false);
        _ = await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
    }
}
