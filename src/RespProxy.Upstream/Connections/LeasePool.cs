using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Connections;

/// <summary>
/// Connections that one client at a time has for itself: from WATCH to EXEC, and while a command blocks. Bounded; a clean one is kept
/// for the next client, an unused one is closed after a while. Loop thread only.
/// </summary>
internal sealed class LeasePool(int capacity, TimeSpan idleTime, UpstreamCounters counters)
{
    private readonly List<(NodeConnection Connection, long Since)> _idle = [];

    /// <summary>Connections out on lease or idle.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count >= capacity;

    /// <summary>An idle ready connection to the node, or null.</summary>
    public NodeConnection? TakeIdle(Node node, bool resp3)
    {
        for (int i = _idle.Count - 1; i >= 0; i--)
        {
            NodeConnection connection = _idle[i].Connection;
            if (connection.Node != node || connection.IsResp3 != resp3) continue;
            _idle.RemoveAt(i);
            CountLeased();
            return connection;
        }

        return null;
    }

    public void Opened()
    {
        Count++;
        CountLeased();
    }

    /// <summary>A leased connection is gone, whoever had it.</summary>
    public void Closed(NodeConnection connection)
    {
        Count--;
        _idle.RemoveAll(entry => entry.Connection == connection);
        CountLeased();
    }

    public void Return(NodeConnection connection, long now)
    {
        // A reply still owed would be the next client's first: such a connection is thrown away.
        if (connection.IsReady && connection.InFlightCount == 0) _idle.Add((connection, now));
        else connection.Abandon();
        CountLeased();
    }

    /// <summary>Closes what nobody has wanted for a while.</summary>
    public void CloseIdle(long now, long frequency)
    {
        long oldest = now - (long)(idleTime.TotalSeconds * frequency);
        foreach ((NodeConnection connection, long since) in _idle.ToArray())
        {
            if (since < oldest) connection.Abandon();
        }
    }

    private void CountLeased() => counters.Leased = Count - _idle.Count;
}
