using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Load;

/// <summary>The connections of a generator on one epoll; used from one thread, allocates nothing after the start.</summary>
internal sealed class ConnectionSet : IDisposable
{
    // A short send is retried at least this often; on loopback with small requests there is none.
    private const long RetryNanoseconds = 1_000_000;

    private readonly Epoll _epoll = new();
    private readonly List<GeneratorConnection> _connections = [];
    private readonly byte[] _scratch = new byte[256 * 1024];
    private readonly int[] _ready = new int[512];

    public ConnectionSet(ServerEndpoint endpoint, int count)
    {
        for (int i = 0; i < count; i++)
        {
            GeneratorConnection connection = new(endpoint);
            _connections.Add(connection);
            _epoll.Add(connection.Descriptor, i);
        }
    }

    public int Count => _connections.Count;

    public LatencyHistogram Latencies { get; } = new();

    public GeneratorConnection this[int index] => _connections[index];

    /// <summary>
    /// Sends what is queued, waits up to <paramref name="nanoseconds"/> for replies and records them.
    /// <paramref name="answered"/>, if given, is called with each connection that got replies and their number.
    /// </summary>
    /// <returns>The number of replies.</returns>
    public int Turn(long nanoseconds, Action<GeneratorConnection, int>? answered = null)
    {
        bool unsent = false;
        foreach (GeneratorConnection connection in _connections)
        {
            if (!connection.HasOutput)
                continue;
            connection.Flush();
            unsent |= connection.HasOutput;
        }
        int ready = _epoll.Wait(unsent ? Math.Min(nanoseconds, RetryNanoseconds) : nanoseconds, _ready);
        int total = 0;
        for (int i = 0; i < ready; i++)
        {
            GeneratorConnection connection = _connections[_ready[i]];
            int replies = connection.Receive(_scratch, Latencies);
            total += replies;
            if (replies > 0)
                answered?.Invoke(connection, replies);
        }
        return total;
    }

    public void Dispose()
    {
        _epoll.Dispose();
        foreach (GeneratorConnection connection in _connections)
            connection.Dispose();
    }
}
