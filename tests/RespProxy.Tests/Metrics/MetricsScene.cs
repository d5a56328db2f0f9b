using System.Net;
using System.Text.RegularExpressions;
using RespProxy.Configuration;
using RespProxy.Hosting;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.Tests.Metrics;

/// <summary>
/// A whole proxy with all there is to tell of turned on, and some traffic of every kind behind it: a tenant with rates, denials, a quota and a near cache, another without, a cluster, an
/// OTLP receiver. Shared by the tests of what /metrics tells.
/// </summary>
public sealed partial class MetricsScene : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("respproxy-metrics-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpListener _receiver = new();
    private LocalRedisCluster _cluster = null!;
    private LocalRedis _control = null!;
    private Task<int> _run = null!;
    private Task _receiving = null!;
    private RespClient _client = null!;

    private string ConfigurationFile => Path.Combine(_directory, "respproxy.yaml");

    public int AdminPort { get; } = PrometheusServer.FreePort();

    /// <summary>Of the tenant with everything.</summary>
    public int ShopPort { get; private set; }

    public async ValueTask InitializeAsync()
    {
        _cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Primaries = 1, Replicas = 0 });
        (await _cluster.Nodes[0].Server.CommandAsync("CONFIG", "SET", "maxmemory", "100mb")).OrThrow();
        _control = await LocalRedis.StartAsync(new LocalRedisOptions());
        int receiverPort = PrometheusServer.FreePort();
        _receiver.Prefixes.Add($"http://127.0.0.1:{receiverPort}/");
        _receiver.Start();
        _receiving = ReceiveAsync();
        await File.WriteAllTextAsync(Path.Combine(_directory, "usage"), "shop 800000\n");
        var started = new TaskCompletionSource<int>();
        await File.WriteAllTextAsync(ConfigurationFile, Configuration(receiverPort));
        ConfigurationInput input = ConfigurationInput.OfFile(ConfigurationFile, new Dictionary<string, string>(), []);
        ConfigurationResult configuration = input.Load();
        Assert.Empty(configuration.Errors);
        _run = ProxyHost.RunAsync(configuration.Snapshot!, new ConfigurationSource(ConfigurationFile, input, configuration, () => input), started: server => started.SetResult(((IPEndPoint)server.EndPoints[0]).Port), cancellation: _stop.Token);
        ShopPort = await started.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _client = await RespClient.ConnectAsync("127.0.0.1", ShopPort);
        await TrafficAsync();
        await Eventually.HoldsAsync("everything is told", async () => await ScrapeAsync() is var text
            && text.Contains("respproxy_otlp_last_export_timestamp_seconds ", StringComparison.Ordinal)
            && text.Contains("respproxy_near_cache_hits_total{tenant=\"shop\"} ", StringComparison.Ordinal)
            && text.Contains("respproxy_node_memory_max_bytes{", StringComparison.Ordinal)
            && text.Contains("respproxy_rules_source_stale_seconds ", StringComparison.Ordinal)
            && text.Contains("respproxy_tenant_quota_ratio", StringComparison.Ordinal));
        Prometheus = await PrometheusServer.StartAsync(AdminPort);
    }

    /// <summary>A Prometheus that scrapes the proxy.</summary>
    internal PrometheusServer Prometheus { get; private set; } = null!;

    /// <summary>What /metrics says, in the plain text format.</summary>
    public async Task<string> ScrapeAsync()
    {
        using var http = new HttpClient();
        try
        {
            return await http.GetStringAsync(new Uri($"http://127.0.0.1:{AdminPort}/metrics"));
        }
        catch (HttpRequestException)
        {
            // The endpoint comes after the listeners.
            return "";
        }
    }

    /// <summary>The families of a scrape by their names: the type, and the names of all labels.</summary>
    public async Task<IReadOnlyDictionary<string, (string Type, IReadOnlySet<string> Labels, int Series)>> FamiliesAsync()
    {
        var families = new Dictionary<string, (string Type, IReadOnlySet<string> Labels, int Series)>();
        string name = "";
        foreach (string line in (await ScrapeAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                string[] words = line.Split(' ');
                families[name = words[2]] = (words[3], new HashSet<string>(), 0);
            }
            else if (line[0] != '#')
            {
                (string type, IReadOnlySet<string> labels, int series) = families[name];
                bool counts = type != "histogram" || line.StartsWith(name + "_count", StringComparison.Ordinal);
                families[name] = (type, labels.Union(LabelName().Matches(line).Select(match => match.Groups[1].Value)).ToHashSet(), series + (counts ? 1 : 0));
            }
        }

        return families;
    }

    /// <summary>Requests of every kind by both tenants; more each time.</summary>
    public async Task TrafficAsync()
    {
        await using RespClient client = await RespClient.ConnectAsync("127.0.0.1", ShopPort);
        await Eventually.HoldsAsync("the proxy is ready", async () => (await client.CommandAsync("PING")).Text == "PONG" && !(await client.CommandAsync("GET", "a")).IsError);
        for (int i = 0; i < 100; i++)
        {
            await client.CommandAsync("SET", "a", "b");
            await client.CommandAsync("GET", "a");
            await client.CommandAsync("GET", "hot");
        }

        foreach (string command in (string[])["HGETALL", "DEL", "INCR", "INCR", "INCR", "LPUSH", "LPUSH"]) await client.CommandAsync(command, "k");
        await client.CommandAsync("BLPOP", "nothing", "0.01");
        await using RespClient other = await RespClient.ConnectAsync("127.0.0.1", ShopPort);
        await other.CommandAsync("AUTH", "bank", "bank-secret");
        await other.CommandAsync("PING");
        await other.CommandAsync("AUTH", "bank", "wrong");
    }

    public async ValueTask DisposeAsync()
    {
        await Prometheus.DisposeAsync();
        await _client.DisposeAsync();
        await _stop.CancelAsync();
        await _run;
        _receiver.Stop();
        await _receiving;
        _receiver.Close();
        await _cluster.DisposeAsync();
        await _control.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string Configuration(int receiverPort) => $$"""
        upstreams: [{name: main, seeds: ["{{_cluster.Nodes[0].Server.Host}}:{{_cluster.Nodes[0].Server.Port}}"]}]
        listeners: [{name: apps, bind: "127.0.0.1:0", tenant: shop}]
        admin: {bind: "127.0.0.1:{{AdminPort}}"}
        hotKeys: {hotReads: 5}
        usage: {file: "{{_directory}}/usage", period: 100ms}
        rules: {redis: {addresses: ["{{_control.Host}}:{{_control.Port}}"] } }
        nodeMemory: {period: 1s}
        alerts: {interval: 1s, receivers: [{name: chat, type: webhook, url: "http://127.0.0.1:{{receiverPort}}/chat"}]}
        otlp: {endpoint: "http://127.0.0.1:{{receiverPort}}", interval: 1s}
        tenants:
        - name: shop
          quota: {peak: 500000, factor: 2, enforce: true}
          deny: [{commands: [HGETALL]}, {commands: [DEL], shadow: true}]
          nearCache: {}
          limits:
            rates:
            - {name: counters, commands: [INCR], rate: 1, burst: 2}
            - {name: lists, commands: [LPUSH], rate: 100, burst: 1, action: delay}
        - name: bank
          passwords: [bank-secret]
        """;

    private async Task ReceiveAsync()
    {
        while (true)
        {
            try
            {
                HttpListenerContext context = await _receiver.GetContextAsync();
                await context.Request.InputStream.CopyToAsync(Stream.Null);
                context.Response.Close();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                if (!_receiver.IsListening) return;
            }
        }
    }

    [GeneratedRegex("[{,]([a-z_]+)=\"")]
    private static partial Regex LabelName();
}

/// <summary>One scene for all tests of metrics.</summary>
[CollectionDefinition]
public sealed class MetricsCollection : ICollectionFixture<MetricsScene>;
