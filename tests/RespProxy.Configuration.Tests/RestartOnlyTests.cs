namespace RespProxy.Configuration.Tests;

public class RestartOnlyTests
{
    private const string Base = """
        rules: {directory: /tmp, redis: {addresses: ["127.0.0.1:1", "127.0.0.1:2"]}}
        upstreams: [{name: main, mode: standalone, seeds: ["127.0.0.1:1"]}]
        listeners: [{bind: "127.0.0.1:7000", tenant: app}]
        tenants: [{name: app, limits: {rates: [{commands: [GET], keys: [a], rate: 10}]}, deny: [{commands: [SET]}]}]
        admin: {tokens: [{name: a, token: 0123456789abcdefg}]}
        """;

    public static TheoryData<string, string> Changed => new()
    {
        { "transport", "transport: sockets" },
        { "loops", "loops: 2" },
        { "upstreams", "upstreams: [{name: main, mode: standalone, seeds: [\"127.0.0.1:2\"]}]" },
        { "listeners", "listeners: [{bind: \"127.0.0.1:7001\", tenant: app}]" },
        { "admin", "admin: {tokens: [{name: a, token: 0123456789abcdef}]}" },
        { "limits", "limits: {maxClients: 7}" },
        { "slowLog", "slowLog: {entries: 7}" },
        { "hotKeys", "hotKeys: {counters: 64}" },
        { "bigKeys", "bigKeys: {elements: 777}" },
        { "recentRequests", "recentRequests: {memory: 16kb}" },
        { "fleet", "fleet: {redis: {addresses: [\"127.0.0.1:9\"]}}" },
        { "usage", "usage: {period: 7s}" },
        { "rules", "rules: {keep: 7}" },
        { "rules", "rules: {redis: {addresses: [\"127.0.0.1:1\"]}}" },
        { "alerts", "alerts: {receivers: [{name: chat, url: \"http://h/\", levels: [60], headers: [{name: a, value: b}]}]}" },
        { "nodeMemory", "nodeMemory: {period: 7s}" },
        { "otlp", "otlp: {endpoint: \"http://127.0.0.1:4318\"}" },
        { "log", "log: {level: Debug}" },
        { "drainTimeout", "drainTimeout: 7s" },
    };

    [Fact]
    public void The_same_text_loaded_again_needs_no_restart_and_changes_no_tenant()
    {
        (ProxySnapshot running, ProxySnapshot next) = (Load(Base), Load(Base));
        Assert.Empty(RestartOnly.Changes(running, next));
        Assert.True(running.Tenants[0].IsSameAs(next.Tenants[0]));
    }

    [Theory]
    [MemberData(nameof(Changed))]
    public void Each_part_but_the_tenants_is_named_when_it_changes(string key, string line) =>
        Assert.Equal([key], RestartOnly.Changes(Load(Base), Load(With(key, line))));

    [Fact]
    public void No_part_of_a_configuration_is_forgotten() => Assert.Equal(
        typeof(ProxySnapshot).GetProperties().Select(property => property.Name).Where(name => name != nameof(ProxySnapshot.Tenants)).Order(),
        Changed.Select(row => char.ToUpperInvariant(row.Data.Item1[0]) + row.Data.Item1[1..]).Distinct().Order());

    [Theory]
    [InlineData("tenants: [{name: app, limits: {rates: [{commands: [GET], keys: [b], rate: 10}]}, deny: [{commands: [SET]}]}]")]
    [InlineData("tenants: [{name: app, limits: {rates: [{commands: [GET], keys: [a], rate: 11}]}, deny: [{commands: [SET]}]}]")]
    [InlineData("tenants: [{name: app, limits: {rates: [{commands: [GET], keys: [a], rate: 10}]}, deny: [{commands: [DEL]}]}]")]
    [InlineData("tenants: [{name: app, limits: {rates: [{commands: [GET], keys: [a], rate: 10}]}, deny: [{commands: [SET]}], allowFlush: true}]")]
    [InlineData("tenants: [{name: app, limits: {rates: [{commands: [GET], keys: [a], rate: 10}]}, deny: [{commands: [SET]}], passwords: [x]}]")]
    public void A_tenant_that_changes_needs_no_restart_and_is_another_one(string line)
    {
        (ProxySnapshot running, ProxySnapshot next) = (Load(Base), Load(With("tenants", line)));
        Assert.Empty(RestartOnly.Changes(running, next));
        Assert.False(running.Tenants[0].IsSameAs(next.Tenants[0]));
        Assert.True(running.Tenants[0].IsSamePlaceAs(next.Tenants[0]));
    }

    /// <summary>The base with one key written otherwise.</summary>
    private static string With(string key, string line) =>
        string.Join('\n', [.. Base.Split('\n').Where(each => !each.StartsWith(key + ":", StringComparison.Ordinal)), line]);

    private static ProxySnapshot Load(string yaml)
    {
        ConfigurationResult result = ConfigurationLoader.LoadText(yaml, new Dictionary<string, string>(), []);
        Assert.Empty(result.Errors);
        return result.Snapshot!;
    }
}
