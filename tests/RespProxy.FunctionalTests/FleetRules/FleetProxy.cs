using System.Security.Cryptography;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Control.Rules;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.FleetRules;

/// <summary>A proxy in this process whose rules are those of a fleet, as the executable puts it together.</summary>
internal sealed class FleetProxy : IAsyncDisposable
{
    private FleetProxy(LiveRules rules, RunningProxy proxy, RecordingLoggerFactory logs)
    {
        (Rules, Proxy, Logs) = (rules, proxy, logs);
    }

    /// <summary>A set of tenants that the file has from now on; null: those of the start.</summary>
    public string? FileTenants { get; set; }

    public LiveRules Rules { get; }

    public RunningProxy Proxy { get; }

    public RecordingLoggerFactory Logs { get; }

    public RulesReading Reading => Rules.Sets.Reading;

    public long Version => Reading.InForce.Number;

    /// <param name="data">Holds the tenants' keys.</param>
    /// <param name="controlPort">Where the control Redis is, or is to be.</param>
    /// <param name="directory">Where the last good rules are kept; null: nowhere.</param>
    /// <param name="environment">For what rule sets name.</param>
    /// <param name="controlKeys">More of rules.redis.</param>
    public static async Task<FleetProxy> StartAsync(
        LocalRedis data, int controlPort, string? directory = null, Dictionary<string, string>? environment = null, string controlKeys = "timeout: 5s")
    {
        string rest = $$"""
            upstreams: [{name: cluster1, mode: standalone, seeds: ["127.0.0.1:{{data.Port}}"], placementMarkers: false}]
            listeners:
              - {name: open-app1, bind: "127.0.0.1:0", tenant: app1}
              - {name: shared, bind: "127.0.0.1:0"}
            rules:
              {{(directory is null ? "keep: 20" : $"directory: {directory}")}}
              redis: {addresses: ["127.0.0.1:{{controlPort}}"], {{controlKeys}}}
            """;
        FleetProxy? started = null;
        ConfigurationInput Read() => ConfigurationInput.OfText($"{rest}\n{started?.FileTenants ?? Tenants()}", environment ?? [], [], "test.yaml");
        ConfigurationInput input = Read();
        ConfigurationResult file = input.Load();
        Assert.Empty(file.Errors);
        var logs = new RecordingLoggerFactory();
        LiveRules rules = await LiveRules.BeginAsync(input, file, Read, TimeProvider.System, logs);
        RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(data.Host, data.Port)], _ => rules.Snapshot);
        rules.Attach(proxy.Server.Apply);
        return started = new FleetProxy(rules, proxy, logs);
    }

    /// <summary>A rule set: app1, and what is added to it and beside it.</summary>
    /// <param name="ofApp1">Keys of app1, as they stand within braces.</param>
    /// <param name="others">More tenants, a line each.</param>
    /// <param name="password">Of app1.</param>
    public static string Tenants(string ofApp1 = "", string others = "", string password = "app1-secret") =>
        $"tenants:\n  - {{name: app1, namespace: cluster1@app1, passwords: [{{sha256: {Sha256(password)}}}]{(ofApp1.Length > 0 ? ", " : "")}{ofApp1}}}\n{others}";

    /// <summary>A rule set that says its number by two rules of different kinds.</summary>
    public static string Tagged(int number) => Tenants($"deny: [{{commands: [GET], keys: [k], reason: v{number}}}, {{commands: [ECHO], reason: v{number}}}]");

    public static string Sha256(string password) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));

    public Task<RuleOutcome> PutAsync(string text, string author = "ada", long? expected = null) =>
        Rules.PutAsync(Encoding.UTF8.GetBytes(text), new RuleAuthor(author, ""), expected, CancellationToken.None);

    public Task<RespClient> ConnectAsync() => Proxy.ConnectAsync();

    public Task<RespClient> ConnectSharedAsync() => RespClient.ConnectAsync("127.0.0.1", Proxy.SharedPort);

    public Task IsAtAsync(long version) => Eventually.HoldsAsync($"version {version} is in force, not {Version}", () => Version == version);

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Rules.DisposeAsync();
    }
}
