using System.Globalization;
using System.Text;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Scrapes;

/// <summary>A proxy with many tenants, each of which has used fifty commands.</summary>
internal sealed class ScrapedProxy : IDisposable
{
    private readonly ChildProcess _process;
    private readonly ServerEndpoint _clients = ServerEndpoint.FreePort();

    public ScrapedProxy(string binary, int tenants, RedisUpstream upstream, WorkDirectory directory)
    {
        ServerEndpoint admin = ServerEndpoint.FreePort();
        Metrics = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{admin.Port}/metrics"));
        StringBuilder config = new(string.Create(CultureInfo.InvariantCulture, $$"""
            upstreams: [{name: bench, mode: standalone, seeds: ["127.0.0.1:{{upstream.Endpoints[0].Port}}"], placementMarkers: false}]
            listeners: [{name: bench, bind: "tcp://127.0.0.1:{{_clients.Port}}"}]
            admin: {bind: "127.0.0.1:{{admin.Port}}"}
            tenants:

            """));
        for (int i = 0; i < tenants; i++)
            config.Append(CultureInfo.InvariantCulture, $"  - {{name: {NameOf(i)}, passwords: [{NameOf(i)}]}}\n");
        _process = new ChildProcess("respproxy", binary, ["run", "--config", directory.Write($"scrape-{tenants}.yaml", config.ToString())]);
        try
        {
            Readiness.WaitForUpstream(_process, _clients, NameOf(0));
            Use(tenants);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Fifty, all of which a node answers, some with an error: a key has one type.</summary>
    public static IReadOnlyList<string> Commands { get; } =
    [
        "GET k", "SET k v", "SETNX k v", "GETSET k v", "GETEX k", "STRLEN k", "APPEND k v", "GETRANGE k 0 1", "SETRANGE k 0 v", "INCR n",
        "DECR n", "INCRBY n 1", "DECRBY n 1", "INCRBYFLOAT f 1", "EXISTS k", "TOUCH k", "TYPE k", "TTL k", "PTTL k", "PERSIST k",
        "HSET h f v", "HGET h f", "HDEL h x", "HEXISTS h f", "HLEN h", "HKEYS h", "HVALS h", "HGETALL h", "HMGET h f", "HINCRBY h n 1",
        "LPUSH l v", "RPUSH l v", "LPOP l", "RPOP l", "LLEN l", "LRANGE l 0 1", "LINDEX l 0", "SADD s v", "SREM s x", "SISMEMBER s v",
        "SCARD s", "SMEMBERS s", "ZADD z 1 v", "ZREM z x", "ZSCORE z v", "ZCARD z", "ZRANGE z 0 1", "PFADD p v", "PFCOUNT p", "DEL k",
    ];

    /// <summary>Where it tells its metrics.</summary>
    public Uri Metrics { get; }

    public int Pid => _process.Pid;

    public void Dispose() => _process.Dispose();

    /// <summary>Every tenant runs every command, twice.</summary>
    private void Use(int tenants)
    {
        byte[] requests = [.. Commands.Concat(Commands).SelectMany(command => RespClient.Encode(command.Split(' ')))];
        using RespClient client = new(_clients);
        for (int i = 0; i < tenants; i++)
        {
            _ = client.Send("AUTH", NameOf(i), NameOf(i));
            _ = client.Send(requests, 2 * Commands.Count);
        }
    }

    private static string NameOf(int tenant) => string.Create(CultureInfo.InvariantCulture, $"tenant{tenant:0000}");
}
