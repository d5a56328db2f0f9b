using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests;

/// <summary>A RESP3 client that tells replies from pushes.</summary>
internal sealed class TrackingClient : IAsyncDisposable
{
    private readonly RespClient _client;

    private TrackingClient(RespClient client) => _client = client;

    /// <summary>Pushes not yet taken, as they stood on the wire.</summary>
    public List<string> Pushes { get; } = [];

    public RespClient Raw => _client;

    /// <summary>In RESP3; tracks nothing yet.</summary>
    public static async Task<TrackingClient> OverAsync(Task<RespClient> connecting)
    {
        var client = new TrackingClient(await connecting);
        (await client.RunAsync("HELLO 3")).OrThrow();
        return client;
    }

    /// <summary>After CLIENT TRACKING ON with these options.</summary>
    public static async Task<TrackingClient> TrackingAsync(Task<RespClient> connecting, params string[] options)
    {
        TrackingClient client = await OverAsync(connecting);
        Assert.Equal("OK", (await client.RunAsync(string.Join(' ', ["CLIENT TRACKING ON", .. options]))).Text);
        return client;
    }

    /// <summary>Sends a command, words parted by blanks, and reads up to its reply; pushes on the way are kept.</summary>
    public async Task<RedisReply> RunAsync(string command) => (await RunRawAsync(command)).Tree;

    /// <inheritdoc cref="RunAsync"/>
    public async Task<RawReply> RunRawAsync(string command)
    {
        await _client.SendAsync(Wire.Request(command.Split(' ')));
        return await ReadAnswerAsync();
    }

    /// <summary>Reads up to the next reply that is no push.</summary>
    public async Task<RawReply> ReadAnswerAsync()
    {
        while (true)
        {
            RawReply reply = await _client.ReadReplyAsync();
            if (reply.Bytes.Span[0] != '>') return reply;
            Pushes.Add(reply.Wire);
        }
    }

    /// <summary>The next push, read if none is kept.</summary>
    public async Task<string> TakePushAsync()
    {
        if (Pushes.Count == 0)
        {
            RawReply reply = await _client.ReadReplyAsync();
            Assert.True(reply.Bytes.Span[0] == '>', "a reply came unasked: " + reply.Wire);
            return reply.Wire;
        }

        string push = Pushes[0];
        Pushes.RemoveAt(0);
        return push;
    }

    /// <summary>
    /// Asks the nodes of these keys for something, so that what they pushed before has arrived; and again, since what arrived while the first
    /// answer was owed stands behind it. Then takes all pushes.
    /// </summary>
    public async Task<string[]> TakeAllAsync(params string[] markers)
    {
        foreach (string marker in (string[])[.. markers, .. markers]) await RunAsync("GET " + marker);
        string[] taken = [.. Pushes];
        Pushes.Clear();
        return taken;
    }

    /// <summary>An invalidation of keys; without any, of everything.</summary>
    public static string Invalidation(params string[] keys) => keys.Length == 0
        ? ">2\r\n$10\r\ninvalidate\r\n_\r\n"
        : Wire.Text([.. Wire.Bytes(">2\r\n$10\r\ninvalidate\r\n"), .. Wire.Array([.. keys.Select(Wire.Bulk)])]);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
