using System.Diagnostics;

namespace RespProxy.Transport.Core;

/// <summary>
/// What every flavor of event loop shares: the thread and its turn, mailbox, timers, the steps owed to connections and the
/// lists of those to flush. A flavor adds how to wait for the system and what its events mean.
/// </summary>
internal abstract class LoopCore : EventLoop
{
    /// <summary>Receive buffer shared by a loop's connections: a large pipeline in one call; measured best at 128 KiB and above.</summary>
    private const int ReceiveBufferSize = 256 * 1024;

    /// <summary>What the pool may hold for good: a busy P=1 loop needs less.</summary>
    private const int PoolFloor = 128 * 1024;

    private static readonly long TrimInterval = 5 * Stopwatch.Frequency;
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(5);

    private readonly Action<Exception> _report;
    private readonly Mailbox _mailbox;
    private readonly TimerHeap _timers = new();
    private readonly List<ConnectionCore> _open = [];
    private readonly List<ConnectionCore> _dirtyOutgoing = [];
    private readonly List<ConnectionCore> _dirtyAccepted = [];
    private List<ConnectionCore> _steps = [];
    private List<ConnectionCore> _runningSteps = [];
    private readonly Thread _thread;
    private long _nextTrim = Stopwatch.GetTimestamp() + TrimInterval;
    private int _acceptedCount;
    private int _outgoingCount;
    private volatile bool _isStopping;

    protected LoopCore(int index, Action<Exception> report)
    {
        Index = index;
        _report = report;
        Now = Stopwatch.GetTimestamp();
        _mailbox = new Mailbox(Wake);
        _thread = new Thread(Run) { IsBackground = true, Name = $"loop-{index}" };
    }

    public override int Index { get; }

    public override BufferPool Buffers { get; } = new();

    public override bool IsCurrent => Thread.CurrentThread == _thread;

    public override int ConnectionCount => AcceptedCount + Volatile.Read(ref _outgoingCount);

    /// <summary>Accepted connections given to this loop and not over. Any thread.</summary>
    public int AcceptedCount => Volatile.Read(ref _acceptedCount);

    public override LoopCounters Counters => new()
    {
        Turns = Volatile.Read(ref Tally.Turns),
        Receives = Volatile.Read(ref Tally.Receives),
        Sends = Volatile.Read(ref Tally.Sends),
        InterestChanges = Volatile.Read(ref Tally.InterestChanges),
        BytesReceived = Volatile.Read(ref Tally.BytesReceived),
        BytesSent = Volatile.Read(ref Tally.BytesSent),
        Accepted = Volatile.Read(ref Tally.Accepted),
        AcceptFailures = Volatile.Read(ref Tally.AcceptFailures),
        Connections = ConnectionCount,
        PooledBytes = Buffers.HeldBytes,
    };

    /// <summary>The shared receive buffer: free between callbacks.</summary>
    public byte[] ReceiveBuffer { get; } = GC.AllocateUninitializedArray<byte>(ReceiveBufferSize, pinned: true);

    /// <summary>Written by the loop's thread only.</summary>
    public LoopTally Tally { get; } = new();

    /// <summary>True once the loop takes no new connections.</summary>
    public bool IsStopping => _isStopping;

    public void Start() => _thread.Start();

    public override bool Post(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _mailbox.Post(work);
    }

    public override LoopTimer Schedule(TimeSpan due, Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return _timers.Add(TimerHeap.DueAfter(due), callback);
    }

    public override void Dispose()
    {
        _isStopping = true;
        _mailbox.Post(static () => { });
        if (!IsCurrent && _thread.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted))
            ReleaseSystem();
        else if (!IsCurrent)
            _thread.Join(StopTime);
    }

    /// <summary>To the application, which may log it; never throws.</summary>
    public void Report(Exception exception) => _report(exception);

    /// <summary>Counts an accepted connection as this loop's: by the acceptor, before the loop itself knows. Any thread.</summary>
    public void CountAccepted(int change) => Interlocked.Add(ref _acceptedCount, change);

    /// <summary>A connection has a descriptor from now until <see cref="Remove"/>.</summary>
    public void Add(ConnectionCore connection)
    {
        connection.OpenIndex = _open.Count;
        _open.Add(connection);
        if (connection.IsOutgoing)
            Volatile.Write(ref _outgoingCount, _outgoingCount + 1);
    }

    public void Remove(ConnectionCore connection)
    {
        var last = _open[^1];
        _open[connection.OpenIndex] = last;
        last.OpenIndex = connection.OpenIndex;
        _open.RemoveAt(_open.Count - 1);
    }

    /// <summary>The handler has heard the last of it.</summary>
    public void CountClosed(ConnectionCore connection)
    {
        if (connection.IsOutgoing)
            Volatile.Write(ref _outgoingCount, _outgoingCount - 1);
        else
            CountAccepted(-1);
    }

    public void AddStep(ConnectionCore connection) => _steps.Add(connection);

    public void AddDirty(ConnectionCore connection) =>
        (connection.IsOutgoing ? _dirtyOutgoing : _dirtyAccepted).Add(connection);

    /// <summary>Makes a waiting loop return from <see cref="Wait"/>. Any thread.</summary>
    protected abstract void Wake();

    /// <summary>Waits for events of the system.</summary>
    /// <param name="milliseconds">0 does not wait, -1 waits for ever.</param>
    /// <returns>What to give to <see cref="Dispatch"/>.</returns>
    protected abstract int Wait(int milliseconds);

    protected abstract void Dispatch(int events);

    /// <summary>Gives back what the loop itself holds of the system, at the end.</summary>
    protected abstract void ReleaseSystem();

    private void Run()
    {
        while (!_isStopping)
        {
            try
            {
                Turn();
            }
            catch (Exception e)
            {
                // Nothing of a handler comes this far. Whatever it is, the other connections go on.
                Report(e);
            }
        }

        Stop();
    }

    /// <summary>One round. Called by the loop's own thread, or, of a loop that was never started, by whoever drives it.</summary>
    protected void Turn()
    {
        int events = Wait(WaitMilliseconds());
        Now = Stopwatch.GetTimestamp();
        Tally.Turns++;
        Dispatch(events);
        if (_mailbox.HasMail)
            _mailbox.Run(_report);
        if (_timers.NextDue <= Now)
            RunTimers();
        if (_steps.Count > 0)
            RunSteps();
        if (TurnEnding is { } ending)
            Guard(ending);
        FlushAll(_dirtyOutgoing);
        FlushAll(_dirtyAccepted);
        if (TurnEnded is { } ended)
            Guard(ended);
        if (Now >= _nextTrim)
            Trim();
    }

    private int WaitMilliseconds()
    {
        if (_mailbox.HasMail || _steps.Count > 0)
            return 0;
        long until = _timers.NextDue;
        if (Buffers.HeldBytes > PoolFloor)
            until = Math.Min(until, _nextTrim);
        if (until == long.MaxValue)
            return -1;
        long ticks = until - Stopwatch.GetTimestamp();
        if (ticks <= 0)
            return 0;
        return (int)Math.Min(((ticks - 1) / (Stopwatch.Frequency / 1000)) + 1, int.MaxValue);
    }

    private void RunTimers()
    {
        while (_timers.TryTakeDue(Now, out var callback))
            Guard(callback);
    }

    private void RunSteps()
    {
        (_steps, _runningSteps) = (_runningSteps, _steps);
        foreach (var connection in _runningSteps)
        {
            try
            {
                connection.RunSteps();
            }
            catch (Exception e)
            {
                connection.Fail(e);
            }
        }

        _runningSteps.Clear();
    }

    private static void FlushAll(List<ConnectionCore> dirty)
    {
        if (dirty.Count == 0)
            return;
        foreach (var connection in dirty)
            connection.FlushNow();
        dirty.Clear();
    }

    private void Trim()
    {
        if (Buffers.HeldBytes > PoolFloor)
            Buffers.Trim();
        _nextTrim = Now + TrimInterval;
    }

    private void Guard(Action callback)
    {
        try
        {
            callback();
        }
        catch (Exception e)
        {
            Report(e);
        }
    }

    private void Stop()
    {
        _mailbox.Close();
        _mailbox.Run(_report);
        for (int i = _open.Count - 1; i >= 0; i--)
            _open[i].CloseForGood();
        // One round tells all; a handler that connects anew from OnClosed fails in the next, and must not hold us for ever.
        for (int round = 0; round < 10 && _steps.Count > 0; round++)
            RunSteps();
        ReleaseSystem();
    }
}
