using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control;
using RespProxy.Control.Admin;
using RespProxy.LocalCluster;
using RespProxy.Tenancy.Accounting;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Rules tried on what clients have asked for, over the admin API, and then put in force on the same requests. The rules' clock stands unless the test moves it.</summary>
public sealed class DryRunTests : IAsyncLifetime
{
    private readonly StandingTime _time = new();
    private readonly HttpClient _http = new();
    private LocalRedis _redis = null!;
    private RunningProxy _proxy = null!;
    private AdminEndpoint _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        _proxy = await StartAsync(configuration => configuration);
        _admin = await ServeAsync(_proxy);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _admin.DisposeAsync();
        await _proxy.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData("deny: [{commands: [HGETALL]}]")]
    [InlineData("deny: [{commands: [\"@write\"], reason: closed}]")]
    [InlineData("deny: [{commands: [\"@all\"], keys: [hot]}]")]
    [InlineData("deny: [{commands: [\"@read\"], patterns: [\"user:1*\"]}, {commands: [SCAN, PING]}]")]
    [InlineData("deny: [{commands: [GET], shadow: true}]")]
    [InlineData("limits: {rates: [{rate: 50, burst: 20}]}")]
    [InlineData("limits: {rates: [{rate: 100, unit: keys, burst: 10}, {rate: 10, commands: [SET], burst: 5}]}")]
    [InlineData("limits: {rates: [{rate: 2000, unit: requestBytes, patterns: [\"user:*\"]}]}")]
    [InlineData("limits: {rates: [{rate: 30, action: shadow}]}")]
    public async Task What_is_foreseen_is_what_happens_when_the_rules_are_put_in_force(string rules)
    {
        await RunTrafficAsync(_proxy);
        JsonElement outcome = Tenant(await TryAsync(rules), "app1");
        JsonElement next = outcome.GetProperty("next");
        Assert.Equal((0, 0), (Count(outcome.GetProperty("now"), "denied"), Count(outcome.GetProperty("now"), "throttled")));

        // As new as the first proxy was when the traffic came, but for the rules.
        await using RunningProxy other = await StartAsync(configuration => Load(RuleSet(rules), configuration).Snapshot!);
        await RunTrafficAsync(other);
        CommandReading happened = other.Server.ReadUsage("app1").Total;
        Assert.Equal((happened.Denied, happened.Throttled, happened.Shadowed), (Count(next, "denied"), Count(next, "throttled"), Count(next, "shadowed")));
        Assert.InRange(happened.Denied + happened.Throttled + happened.Shadowed, 10, 399);
        Assert.Equal((400, 400, 0), (outcome.GetProperty("requests").GetInt64(), outcome.GetProperty("requestsKept").GetInt32(), outcome.GetProperty("resolutionMilliseconds").GetInt32()));
    }

    [Fact]
    public async Task A_dry_run_changes_nothing()
    {
        await RunTrafficAsync(_proxy);
        await TryAsync("deny: [{commands: [\"@all\"]}]");
        await using RespClient client = await _proxy.ConnectAsync();
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "1")).Text);
        Assert.Null(_proxy.Server.Tenants.Find("app1")!.Policy.Admission);
    }

    [Fact]
    public async Task What_the_rules_in_force_have_refused_is_part_of_what_is_tried()
    {
        Assert.Empty(_proxy.Server.Apply(Load(RuleSet("deny: [{commands: [GET]}]"), _proxy.Configuration).Snapshot!));
        await RunTrafficAsync(_proxy);
        long denied = _proxy.Server.ReadUsage("app1").Total.Denied;
        JsonElement outcome = Tenant(await TryAsync("deny: [{commands: [SET]}]"), "app1");
        Assert.True(denied > 0);
        Assert.Equal(denied, Count(outcome.GetProperty("now"), "denied"));
        Assert.InRange(Count(outcome.GetProperty("next"), "denied"), 1, 399);
        Assert.Equal(400, outcome.GetProperty("requests").GetInt64());
    }

    [Fact]
    public async Task The_answer_names_rules_and_commands_and_no_keys()
    {
        await RunTrafficAsync(_proxy);
        string answer = await TryAsync("deny: [{commands: [\"@write\"], keys: [hot], patterns: [\"user:*\"]}], limits: {rates: [{name: all, rate: 10}, {rate: 10, unit: replyBytes}]}");
        JsonElement next = Tenant(answer, "app1").GetProperty("next");
        JsonElement denial = Assert.Single(next.GetProperty("deny").EnumerateArray());
        Assert.Equal(["SET"], denial.GetProperty("examples").EnumerateArray().Select(each => each.GetString()));
        Assert.Equal((1, 1, true), (denial.GetProperty("keys").GetInt32(), denial.GetProperty("patterns").GetInt32(), denial.GetProperty("inForce").GetBoolean()));
        Assert.Equal([("all", true), ("reply-bytes", false)], next.GetProperty("rates").EnumerateArray().Select(rate => (rate.GetProperty("name").GetString(), rate.GetProperty("foreseen").GetBoolean())));
        Assert.DoesNotContain("hot", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("user:", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tenants_that_come_and_go_are_told_and_those_that_stay_the_same_are_not()
    {
        await RunTrafficAsync(_proxy);
        using JsonDocument answer = JsonDocument.Parse(await PostAsync("tenants: [{name: app1, namespace: cluster1@app1}, {name: app3, namespace: cluster1@app3}]", HttpStatusCode.OK));
        Assert.Equal(
            [("app2", "gone"), ("app3", "new")],
            answer.RootElement.GetProperty("tenants").EnumerateArray().Select(tenant => (tenant.GetProperty("tenant").GetString(), tenant.GetProperty("change").GetString())).Where(pair => pair.Item1 != "app1"));
    }

    [Theory]
    [InlineData("tenants: [{name: app1, deny: [{commands: [HGETAL]}]}]", "?minutes=5", HttpStatusCode.BadRequest, "did you mean 'HGETALL'")]
    [InlineData("tenants: []", "?minutes=5", HttpStatusCode.BadRequest, "needs at least one element")]
    [InlineData("}{", "?minutes=5", HttpStatusCode.BadRequest, "errors")]
    [InlineData("tenants: [{name: app1}]", "?minutes=0", HttpStatusCode.BadRequest, "'minutes' must be a whole number from 1 to 60")]
    [InlineData("tenants: [{name: app1}]", "?minutes=soon", HttpStatusCode.BadRequest, "'minutes' must be a whole number from 1 to 60")]
    public async Task What_cannot_be_tried_is_refused_with_what_is_wrong(string rules, string query, HttpStatusCode status, string error) =>
        Assert.Contains(error, (await PostAsync(rules, status, query)).Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);

    [Fact]
    public async Task Where_no_requests_are_kept_the_answer_says_what_to_switch_on()
    {
        await using RunningProxy without = await StartAsync(configuration => configuration with { RecentRequests = new RecentRequestsSnapshot { Enabled = false } });
        await using AdminEndpoint admin = await ServeAsync(without);
        using var body = new StringContent(RuleSet("allowFlush: true"), Encoding.UTF8);
        HttpResponseMessage response = await _http.PostAsync(new Uri(admin.Address, "/api/v1/rules/dry-run"), body);
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("recentRequests.enabled", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>400 requests within four seconds, always the same.</summary>
    private async Task RunTrafficAsync(RunningProxy proxy)
    {
        await using RespClient client = await proxy.ConnectAsync();
        var random = new Random(7);
        for (int i = 0; i < 80; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(random.Next(100)));
            await client.PipelineAsync([.. Enumerable.Range(0, 5).Select(_ => RequestOf(random))]);
        }
    }

    private static string RequestOf(Random random)
    {
        string key = random.Next(10) == 0 ? "hot" : $"user:{random.Next(300)}";
        return random.Next(8) switch
        {
            0 or 1 => $"SET {key} {new string('x', random.Next(1, 100))}",
            2 => $"MGET {key} a b",
            3 => $"HGETALL big:{random.Next(5)}",
            4 => "PING",
            5 => "SCAN 0 COUNT 1",
            _ => $"GET {key}",
        };
    }

    private static string RuleSet(string rules) => $"tenants: [{{name: app1, namespace: cluster1@app1, {rules}}}, {{name: app2, namespace: cluster1@app2}}]";

    private Task<RunningProxy> StartAsync(Func<ProxySnapshot, ProxySnapshot> adjust) =>
        RunningProxy.StartAsync(UpstreamMode.Standalone, [(_redis.Host, _redis.Port)], configuration => adjust(configuration with { Loops = 1 }), time: _time);

    private static Task<AdminEndpoint> ServeAsync(RunningProxy proxy) => AdminEndpoint.StartAsync(
        new AdminSnapshot { Host = "127.0.0.1", Port = 0 }, [new DryRunRoutes(proxy.Server.Trials, text => Load(text, proxy.Configuration))], NullLoggerFactory.Instance);

    /// <summary>A rule set over the configuration of a running proxy.</summary>
    private static ConfigurationResult Load(string rules, ProxySnapshot running)
    {
        const string Rest = """
            upstreams: [{name: cluster1, mode: standalone, seeds: ["127.0.0.1:1"]}]
            listeners: [{bind: "127.0.0.1:1", tenant: app1}]
            tenants: [{name: app1}]
            """;
        ConfigurationResult result = ConfigurationInput.OfText(Rest, new Dictionary<string, string>(), []).Load(new RuleSetText(rules, "rule set"));
        return result.Snapshot is { } snapshot ? result with { Snapshot = running with { Tenants = snapshot.Tenants } } : result;
    }

    private Task<string> TryAsync(string rules) => PostAsync(RuleSet(rules), HttpStatusCode.OK);

    private async Task<string> PostAsync(string rules, HttpStatusCode status, string query = "")
    {
        using var body = new StringContent(rules, Encoding.UTF8);
        HttpResponseMessage response = await _http.PostAsync(new Uri(_admin.Address, "/api/v1/rules/dry-run" + query), body);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, text);
        return text;
    }

    private static JsonElement Tenant(string answer, string name)
    {
        using JsonDocument document = JsonDocument.Parse(answer);
        return document.RootElement.GetProperty("tenants").EnumerateArray().Single(tenant => tenant.GetProperty("tenant").GetString() == name).Clone();
    }

    private static long Count(JsonElement outcome, string what) => outcome.GetProperty(what).GetProperty("requests").GetInt64();
}
