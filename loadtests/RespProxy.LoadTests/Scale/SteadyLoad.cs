using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Scale;

/// <summary>
/// A closed loop that goes on from one run to the next: each connection has so many requests in flight, the next ones as soon as all are answered. So a
/// measurement begins and ends under way, and connecting, which with 10,000 connections takes as long as the measurement, is not in it. One thread.
/// </summary>
internal sealed class SteadyLoad : IDisposable
{
    /// <summary>How long nothing may come.</summary>
    private static readonly long Patience = (long)TimeSpan.FromSeconds(10).TotalNanoseconds;

    private const long LongestWait = 100_000_000;

    private readonly Epoll _epoll = new();
    private readonly List<GeneratorConnection> _connections = [];
    private readonly int[] _owed;
    private readonly int[] _ready = new int[512];
    private readonly byte[] _scratch = new byte[256 * 1024];
    private readonly int _pipeline;
    private readonly ScaleRequests _requests;
    private long _lastReply;

    /// <summary>Connects, one after the other.</summary>
    /// <exception cref="LoadFailedException">A connection is refused or closed, or an error is answered.</exception>
    public SteadyLoad(ServerEndpoint endpoint, int connections, int pipeline, ScaleRequests requests, CancellationToken cancellation)
    {
        _pipeline = pipeline;
        _requests = requests;
        _owed = new int[connections];
        try
        {
            while (_connections.Count < connections)
            {
                cancellation.ThrowIfCancellationRequested();
                _connections.Add(new GeneratorConnection(endpoint));
                _epoll.Add(_connections[^1].Descriptor, _connections.Count - 1);
            }
            Introduce(cancellation);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Goes on for so long. What is in flight at the end is left for the next run.</summary>
    public LoadResult Run(double seconds, CancellationToken cancellation)
    {
        LatencyHistogram latencies = new();
        for (int i = 0; i < _owed.Length; i++)
        {
            if (_owed[i] == 0)
                SendNext(i);
        }
        long start = _lastReply = MonotonicClock.Nanoseconds;
        long end = start + (long)(seconds * 1e9);
        long answered = 0, now = start;
        while (now < end)
        {
            answered += Turn(latencies, SendNext, cancellation);
            now = MonotonicClock.Nanoseconds;
        }
        return new LoadResult(
            answered, answered / ((now - start) / 1e9), latencies.Percentile(50) / 1e6, latencies.Percentile(99) / 1e6, latencies.Percentile(99.9) / 1e6);
    }

    public void Dispose()
    {
        _epoll.Dispose();
        foreach (GeneratorConnection connection in _connections)
            connection.Dispose();
    }

    private void Introduce(CancellationToken cancellation)
    {
        LatencyHistogram unused = new();
        int introduced = 0;
        for (int i = 0; i < _connections.Count; i++)
        {
            if (_requests.First(i) is not { IsEmpty: false } first)
                continue;
            _connections[i].Enqueue(first, MonotonicClock.Nanoseconds);
            Flush(i);
            _owed[i] = 1;
            introduced++;
        }
        _lastReply = MonotonicClock.Nanoseconds;
        while (introduced > 0)
            introduced -= Turn(unused, _ => { }, cancellation);
    }

    /// <summary>Waits for replies, once, and tells who is owed nothing any more.</summary>
    private int Turn(LatencyHistogram latencies, Action<int> answered, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        int count = _epoll.Wait(LongestWait, _ready);
        int total = 0;
        foreach (int connection in _ready.AsSpan(0, count))
        {
            int replies = _connections[connection].Receive(_scratch, latencies);
            total += replies;
            _owed[connection] -= replies;
            if (replies > 0 && _owed[connection] == 0)
                answered(connection);
        }
        if (total > 0)
            _lastReply = MonotonicClock.Nanoseconds;
        else if (MonotonicClock.Nanoseconds - _lastReply > Patience)
            throw new LoadFailedException($"no reply for {Patience / 1_000_000_000} s");
        return total;
    }

    private void SendNext(int connection)
    {
        long now = MonotonicClock.Nanoseconds;
        for (int i = 0; i < _pipeline; i++)
            _connections[connection].Enqueue(_requests.Next(connection), now);
        _owed[connection] = _pipeline;
        Flush(connection);
    }

    private void Flush(int connection)
    {
        _connections[connection].Flush();
        if (_connections[connection].HasOutput)
            throw new LoadFailedException("a socket takes no more, though everything before was answered");
    }
}
