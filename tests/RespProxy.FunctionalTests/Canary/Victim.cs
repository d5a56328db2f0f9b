using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Protocol.Commands;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Canary;

/// <summary>
/// A tenant with secrets of every kind, in the middle of its work while it is attacked: one client listens, one waits for a list, one has a
/// transaction open under WATCH, one publishes and counts.
/// </summary>
internal sealed class Victim : IAsyncDisposable
{
    /// <summary>In every secret value, and in names that nobody can guess. The attacker never sends it, so where it sees it there is a leak.</summary>
    public const string Canary = "c4n4ry";

    /// <summary>What the attacker guesses right: the names of the keys that every victim has, untagged and in one slot.</summary>
    public static readonly string[] Kinds = ["secret", "secret-list", "secret-hash", "secret-set", "secret-zset", "secret-stream", "secret-geo", "secret-hll", "secret-bits"];

    public const string Tag = "{t}";

    private const string Script = "return '" + Canary + "'";
    private const string Library = "#!lua name=" + Canary + "lib\nredis.register_function('spy', function() return '" + Canary + "' end)";

    private readonly CanaryScene _scene;
    private readonly UpstreamMode _mode;
    private readonly string _prefix;
    private readonly RespClient _worker;
    private readonly RespClient _listener;
    private readonly RespClient _waiter;
    private readonly RespClient _watcher;
    private Dictionary<string, string> _before = [];
    private int _beats;

    private Victim(CanaryScene scene, UpstreamMode mode, string tenant, RespClient[] clients)
    {
        _scene = scene;
        _mode = mode;
        _prefix = $"cluster1@{tenant}:";
        _worker = clients[0];
        _listener = clients[1];
        _waiter = clients[2];
        _watcher = clients[3];
    }

    public static async Task<Victim> StartAsync(CanaryScene scene, UpstreamMode mode, RunningProxy proxy, string tenant)
    {
        var clients = new RespClient[4];
        for (int i = 0; i < clients.Length; i++) clients[i] = await proxy.ConnectAsync(tenant);
        var victim = new Victim(scene, mode, tenant, clients);
        await victim.PlantAsync("");
        await victim.PlantAsync(Tag);
        await victim.PlantNamesAsync();
        await victim.BeginWorkAsync();
        victim._before = await victim.DumpAsync();
        return victim;
    }

    /// <summary>SHA1 of the victim's script, as anybody can compute it who guesses the text.</summary>
    public static string ScriptSha { get; } = Sha1(Script);

    /// <summary>One step of the victim's own work: publications that its listener shall hear, and a count nobody else may touch.</summary>
    public async Task WorkAsync()
    {
        string beat = (++_beats).ToString(CultureInfo.InvariantCulture);
        await _worker.SendAsync((byte[])
        [
            .. Wire.Request("PUBLISH", "news", Canary + beat), .. Wire.Request("SPUBLISH", "news", Canary + beat), .. Wire.Request("INCR", Tag + "pulse"),
        ]);
        IReadOnlyList<RawReply> replies = await _worker.ReadRepliesAsync(3);
        Assert.Equal(beat, replies[2].Tree.Text);
    }

    /// <summary>Nothing of the victim was changed, interrupted, or said to it.</summary>
    public async Task AssertUntouchedAsync()
    {
        Assert.Equal(_before, await DumpAsync());
        await AssertHeardOnlyItsOwnAsync();

        (await _worker.CommandAsync("RPUSH", Tag + "wait", "fed")).OrThrow();
        Assert.Equal([Tag + "wait", "fed"], (await _waiter.ReadReplyAsync()).Tree.Items.Select(item => item.Text));

        RedisReply exec = await _watcher.CommandAsync("EXEC");
        Assert.Equal(["OK"], exec.Items.Select(item => item.Text));
        Assert.Equal(Canary + "-name", (await _worker.CommandAsync("CLIENT", "GETNAME")).Text);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RespClient client in new[] { _worker, _listener, _waiter, _watcher }) await client.DisposeAsync();
    }

    private async Task PlantAsync(string tag)
    {
        string[][] commands =
        [
            ["SET", tag + "secret", Canary, "EX", "100000"],
            ["RPUSH", tag + "secret-list", Canary, "more"],
            ["HSET", tag + "secret-hash", "f", Canary],
            ["SADD", tag + "secret-set", Canary],
            ["ZADD", tag + "secret-zset", "1", Canary],
            ["XADD", tag + "secret-stream", "1-1", "f", Canary],
            ["XGROUP", "CREATE", tag + "secret-stream", "g", "0"],
            ["GEOADD", tag + "secret-geo", "1", "1", Canary],
            ["PFADD", tag + "secret-hll", Canary],
            ["SETBIT", tag + "secret-bits", "7", "1"],
        ];
        foreach (string[] command in commands) (await _worker.CommandAsync(command)).OrThrow();
    }

    /// <summary>Names that are patterns, arguments, or secrets themselves.</summary>
    private async Task PlantNamesAsync()
    {
        foreach (string name in new[] { "*", "1", "-", Canary + "-key", Tag + Canary + "-key", Tag + "watched" }) (await _worker.CommandAsync("SET", name, Canary)).OrThrow();
        (await _worker.CommandAsync("CLIENT", "SETNAME", Canary + "-name")).OrThrow();
        await PlantIfSupportedAsync("SCRIPT|LOAD", Script);
        await PlantIfSupportedAsync("FUNCTION|LOAD", "REPLACE", Library);
    }

    private async Task PlantIfSupportedAsync(string command, params string[] arguments)
    {
        RedisReply reply = await _worker.CommandAsync([.. command.Split('|'), .. arguments]);
        if (CommandTable.All.Single(spec => spec.Name == command).Refusal == Refusal.None) reply.OrThrow();
    }

    private async Task BeginWorkAsync()
    {
        await _listener.SendAsync((byte[])[.. Wire.Request("SUBSCRIBE", "news"), .. Wire.Request("PSUBSCRIBE", "*"), .. Wire.Request("SSUBSCRIBE", "news")]);
        await _listener.ReadRepliesAsync(3);
        (await _watcher.CommandAsync("WATCH", Tag + "watched")).OrThrow();
        (await _watcher.CommandAsync("MULTI")).OrThrow();
        (await _watcher.CommandAsync("SET", Tag + "done", "1")).OrThrow();
        long waiting = await _scene.BlockedClientsAsync(_mode);
        await _waiter.SendAsync(Wire.Request("BLPOP", Tag + "wait", "0"));
        await Eventually.HoldsAsync("a client waits", async () => await _scene.BlockedClientsAsync(_mode) == waiting + 1);
    }

    private async Task AssertHeardOnlyItsOwnAsync()
    {
        string[] heard = [.. (await _listener.ReadRepliesAsync(3 * _beats)).Select(TextOf)];
        await _listener.SendAsync(Wire.Request("PING", "the end"));
        Assert.Equal("pong the end", TextOf(await _listener.ReadReplyAsync()));
        foreach ((string kind, string channel) in new[] { ("message", "news"), ("pmessage", "* news"), ("smessage", "news") })
            Assert.Equal(Enumerable.Range(1, _beats).Select(beat => $"{kind} {channel} {Canary}{beat}"), heard.Where(text => text.StartsWith(kind + " ", StringComparison.Ordinal)));
    }

    private static string TextOf(RawReply reply) => string.Join(' ', reply.Tree.Items.Select(item => item.Text));

    private async Task<Dictionary<string, string>> DumpAsync()
    {
        Dictionary<string, string> found = await _scene.DumpAsync(_mode, _prefix);
        found.Remove($"{_prefix}{Tag}pulse");
        Assert.Equal((2 * Kinds.Length) + 6, found.Count);
        return found;
    }

#pragma warning disable CA5350 // SHA1 is what Redis names scripts by.
    private static string Sha1(string script) => Convert.ToHexStringLower(System.Security.Cryptography.SHA1.HashData(Wire.Bytes(script)));
#pragma warning restore CA5350
}
