using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RespProxy.Configuration;
using RespProxy.Control;
using RespProxy.Control.Admin;
using RespProxy.Control.Metrics;
using RespProxy.Control.Reload;
using RespProxy.Control.Rules;
using RespProxy.Hosting;
using RespProxy.Testing.Proxy;

namespace RespProxy.Tests.Admin;

/// <summary>
/// A proxy with the whole admin endpoint. Tests that need a caller who is not of this machine take away what such callers are allowed
/// (<see cref="AdminSnapshot.AllowLoopback"/>): what is left is what the address decides.
/// </summary>
internal sealed partial class AdminScene : IAsyncDisposable
{
    public const string Reader = "a-token-that-may-read";
    public const string Writer = "a-token-that-may-write";

    /// <summary>Rules that come fail: those of the scene are not of a file. The routes are there all the same.</summary>
    private const string Configuration = """
        upstreams: [{name: main, mode: standalone, seeds: ["127.0.0.1:1"]}]
        listeners: [{bind: "127.0.0.1:0", tenant: app1}]
        tenants: [{name: app1}]
        """;

    private readonly RecordingLoggerFactory _logs;
    private readonly LiveRules _rules;

    private AdminScene(RunningProxy proxy, AdminEndpoint endpoint, LiveRules rules, LogThreshold threshold, RecordingLoggerFactory logs)
    {
        _rules = rules;
        Proxy = proxy;
        Endpoint = endpoint;
        Threshold = threshold;
        _logs = logs;
        Http = new HttpClient { BaseAddress = endpoint.Address };
    }

    public RunningProxy Proxy { get; }

    public AdminEndpoint Endpoint { get; }

    public LogThreshold Threshold { get; }

    /// <summary>Shows nothing.</summary>
    public HttpClient Http { get; }

    /// <summary>What the admin endpoint has logged.</summary>
    public IReadOnlyCollection<string> Log => [.. _logs.Lines];

    /// <summary>Tokens of both kinds.</summary>
    public static AdminSnapshot WithTokens(AdminSnapshot admin) => admin with { Tokens = [Token("reader", Reader, AdminAccess.Read), Token("writer", Writer, AdminAccess.Write)] };

    /// <summary>Tokens, and nobody may do without.</summary>
    public static AdminSnapshot Remote(AdminSnapshot admin) => WithTokens(admin) with { AllowLoopback = false };

    /// <summary>A proxy before one server; without one the proxy answers what it answers by itself.</summary>
    public static async Task<AdminScene> StartAsync(
        Func<AdminSnapshot, AdminSnapshot>? admin = null, (string Host, int Port)? seed = null, UpstreamMode mode = UpstreamMode.Standalone, Func<ProxySnapshot, ProxySnapshot>? adjust = null,
        Func<IAdminRoutes, bool>? parts = null)
    {
        var configured = new AdminSnapshot { Host = "127.0.0.2", Port = 0 };
        if (admin is not null) configured = admin(configured);
        RunningProxy proxy = await RunningProxy.StartAsync(mode, [seed ?? ("127.0.0.1", 1)], snapshot => (adjust?.Invoke(snapshot) ?? snapshot) with { Admin = configured });
        var logs = new RecordingLoggerFactory();
        var threshold = new LogThreshold("Information");
        var reload = new ConfigurationReload(() => [], TimeProvider.System, logs.CreateLogger("Reload"));
        ConfigurationInput input = ConfigurationInput.OfText(Configuration, new Dictionary<string, string>(), []);
        LiveRules rules = await LiveRules.BeginAsync(input, input.Load(), () => input, TimeProvider.System, logs);
        rules.Attach(proxy.Server.Apply);
        var metrics = new MetricsSource(proxy.Server, () => reload.Reading, BuildVersion.Text);
        var composition = new AdminComposition(proxy.Configuration, proxy.Server, reload, rules, metrics, threshold, logs);
        AdminEndpoint endpoint = await AdminEndpoint.StartAsync(configured, [.. composition.Routes().Where(parts ?? (_ => true))], logs);
        return new AdminScene(proxy, endpoint, rules, threshold, logs);
    }

    /// <summary>One call.</summary>
    /// <param name="method">GET, ...</param>
    /// <param name="path">With its query.</param>
    /// <param name="token">Shown as a bearer token; null: none.</param>
    /// <param name="body">Null: none.</param>
    /// <param name="header">One more header.</param>
    public Task<HttpResponseMessage> SendAsync(string method, string path, string? token = null, string? body = null, (string Name, string Value)? header = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (body is not null) request.Content = new StringContent(body);
        if (header is { } more) request.Headers.Add(more.Name, more.Value);
        return Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>A call that must succeed, and its JSON.</summary>
    public async Task<JsonElement> JsonAsync(string path, string method = "GET", string? body = null)
    {
        using HttpResponseMessage response = await SendAsync(method, path, body: body);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>A path of a route, with something in the place of each parameter.</summary>
    public static string PathOf(AdminRoute route) => Parameter().Replace(route.Pattern, match => match.Groups[1].Value == "name" ? "app1" : "1");

    /// <summary>The pattern without what parameters must look like: as a document of the API has it.</summary>
    public static string TemplateOf(AdminRoute route) => Parameter().Replace(route.Pattern, "{$1}");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Endpoint.DisposeAsync();
        await _rules.DisposeAsync();
        await Proxy.DisposeAsync();
        _logs.Dispose();
    }

    private static AdminTokenSnapshot Token(string name, string token, AdminAccess access) => new() { Name = name, Hash = [.. SHA256.HashData(Encoding.UTF8.GetBytes(token))], Access = access };

    [GeneratedRegex("{([a-z]+)(?::[^}]*)?}")]
    private static partial Regex Parameter();
}
