namespace RespProxy.Downstream.SlowLog;

/// <summary>The latest slow commands of one tenant. Any thread; locked only for a slow command and for who reads it.</summary>
internal sealed class TenantSlowLog(int capacity)
{
    /// <summary>More within a second push each other out of most logs; when everything is slow, keeping all would make it slower.</summary>
    private const int LeastPerSecond = 128;

    private readonly Lock _lock = new();
    private readonly SecondBudget _budget = new(Math.Max(LeastPerSecond, capacity));
    private readonly LinkedList<SlowLogEntry> _newestFirst = [];
    private long _nextId;

    public int Count
    {
        get
        {
            lock (_lock) return _newestFirst.Count;
        }
    }

    /// <summary>Whether one more is to be kept in this second of Unix time.</summary>
    public bool TryReserve(long second) => _budget.TryTake(second);

    public void Add(SlowCommand command)
    {
        lock (_lock)
        {
            _newestFirst.AddFirst(new SlowLogEntry(_nextId++, command));
            if (_newestFirst.Count > capacity) _newestFirst.RemoveLast();
        }
    }

    /// <summary>At most so many, the newest first.</summary>
    public SlowLogEntry[] Newest(int count)
    {
        lock (_lock) return [.. _newestFirst.Take(count)];
    }

    /// <summary>Numbers go on, as Redis's do.</summary>
    public void Clear()
    {
        lock (_lock) _newestFirst.Clear();
    }
}

/// <summary>A slow command in its tenant's log.</summary>
/// <param name="Id">Unique within the tenant's log since the proxy's start.</param>
/// <param name="Command">What was slow.</param>
public sealed record SlowLogEntry(long Id, SlowCommand Command);

/// <summary>A command that was slow.</summary>
/// <param name="At">When its reply came, in Unix seconds.</param>
/// <param name="Microseconds">From the request to its reply.</param>
/// <param name="Arguments">As the client sent them, shortened.</param>
/// <param name="Address">The client's.</param>
/// <param name="ClientName">CLIENT SETNAME.</param>
public sealed record SlowCommand(long At, long Microseconds, byte[][] Arguments, string Address, string ClientName);
