using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Canary;

/// <summary>
/// Sends attacks, each batch over a connection of its own and in one piece, and looks through every byte that comes back until the connection ends.
/// Another of its connections listens to all there is, all the time.
/// </summary>
internal sealed class Attacker : IAsyncDisposable
{
    /// <summary>The attacker's namespace: what the proxy must take off everywhere.</summary>
    private const string OwnPrefix = "cluster1@" + CanaryScene.Attacker + ":";

    private static readonly string[][] Subscriptions =
    [
        ["SUBSCRIBE", "news", "cluster1@app1:news", "0:news"], ["PSUBSCRIBE", "*", "cluster1@app1:*", "cluster1@app1*", "[a-z]*", "\\*"], ["SSUBSCRIBE", "news", "cluster1@app1:news"],
    ];

    private readonly RunningProxy _proxy;
    private readonly string _protocol;
    private readonly Func<Task> _meanwhile;
    private RespClient _listener = null!;

    private Attacker(RunningProxy proxy, string protocol, Func<Task> meanwhile)
    {
        _proxy = proxy;
        _protocol = protocol;
        _meanwhile = meanwhile;
    }

    /// <param name="meanwhile">Runs while the attacks are on their way.</param>
    public static async Task<Attacker> StartAsync(RunningProxy proxy, string protocol, Func<Task> meanwhile)
    {
        var attacker = new Attacker(proxy, protocol, meanwhile) { _listener = await proxy.ConnectAsync(CanaryScene.Attacker) };
        await attacker._listener.SendAsync(Requests([["HELLO", protocol], .. Subscriptions]));
        await attacker._listener.ReadRepliesAsync(11);
        return attacker;
    }

    /// <summary>Sends the requests; returns the replies of the last <paramref name="requests"/>' count, as far as the connection lasted, pushes left out.</summary>
    public async Task<IReadOnlyList<RedisReply>> SendAsync(IReadOnlyList<string[]> requests)
    {
        await using RespClient client = await _proxy.ConnectAsync(CanaryScene.Attacker);
        await client.SendAsync(Requests([["HELLO", _protocol], .. Attacks.Preparation, .. requests]));
        await _meanwhile();
        await client.SendAsync(Wire.Request("QUIT"));
        byte[] received = await client.ReadToEndAsync();
        AssertNothingLeaks(received, requests);
        return [.. Replies(received).Skip(1 + Attacks.Preparation.Count()).Take(requests.Count)];
    }

    /// <summary>The same from a connection that listens to all there is as well.</summary>
    public async Task SendSubscribedAsync(IReadOnlyList<string[]> requests) => await SendAsync([.. Subscriptions, .. requests]);

    /// <summary>What the listener heard is the attacker's own: it hears itself, so it listened.</summary>
    public async Task AssertHeardNothingForeignAsync()
    {
        string mine = Guid.NewGuid().ToString();
        await using RespClient publisher = await _proxy.ConnectAsync(CanaryScene.Attacker);
        (await publisher.CommandAsync("PUBLISH", "news", mine)).OrThrow();
        (await publisher.CommandAsync("SPUBLISH", "news", mine)).OrThrow();
        bool heardMessage = false;
        bool heardShard = false;
        while (!heardMessage || !heardShard)
        {
            RawReply reply = await _listener.ReadReplyAsync();
            AssertNothingLeaks(reply.Bytes.Span, Subscriptions);
            bool isMine = reply.Tree.Items.Count > 0 && reply.Tree.Items[^1].Text == mine;
            heardMessage |= isMine && reply.Tree.Items[0].Text == "message";
            heardShard |= isMine && reply.Tree.Items[0].Text == "smessage";
        }
    }

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private static byte[] Requests(IEnumerable<string[]> requests) => [.. requests.SelectMany(Wire.Request)];

    private static void AssertNothingLeaks(ReadOnlySpan<byte> received, IReadOnlyList<string[]> requests)
    {
        string text = Wire.Text(received);
        foreach (string secret in new[] { Victim.Canary, OwnPrefix })
        {
            int at = text.IndexOf(secret, StringComparison.Ordinal);
            if (at < 0) continue;
            string around = text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 100)];
            Assert.Fail($"'{secret}' came back to {string.Join(" ; ", requests.Take(3).Select(request => string.Join(' ', request)))} ...: {around}");
        }
    }

    private static List<RedisReply> Replies(byte[] received)
    {
        var replies = new List<RedisReply>();
        ReadOnlySpan<byte> rest = received;
        while (!rest.IsEmpty && RedisReplyParser.TryParse(rest, out RedisReply reply, out int length))
        {
            rest = rest[length..];
            if (reply.Kind != RedisReplyKind.Push) replies.Add(reply);
        }

        return replies;
    }
}
