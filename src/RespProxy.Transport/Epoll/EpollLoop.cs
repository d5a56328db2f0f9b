using System.Net;
using System.Runtime.InteropServices;
using RespProxy.Transport.Core;

namespace RespProxy.Transport.Epoll;

/// <summary>
/// The fast flavor: level-triggered epoll and non-blocking calls on one thread. A receive is made only for an event, a send
/// at a turn's end; EPOLLOUT is asked for only after a short write. See docs/performance.md for what this was measured against.
/// </summary>
internal sealed unsafe class EpollLoop : LoopCore
{
    /// <summary>Events taken by one wait: enough that a second wait is rare, few enough to stay fair.</summary>
    private const int BatchSize = 512;

    private readonly EpollSources _sources = new();
    private readonly int _epoll;
    private readonly int _wakeDescriptor;
    private readonly byte* _batch;

    /// <exception cref="PlatformNotSupportedException">epoll or eventfd do not work here.</exception>
    public EpollLoop(int index, Action<Exception> report)
        : base(index, report)
    {
        _epoll = Check(Libc.EpollCreate(), "epoll_create1");
        try
        {
            _wakeDescriptor = Check(Libc.EventDescriptor(), "eventfd");
            Check(TryWatch(new WakeSource(this), _wakeDescriptor, EpollEvents.In, out _), "epoll_ctl");
        }
        catch (PlatformNotSupportedException)
        {
            Libc.Close(_epoll);
            throw;
        }

        _batch = (byte*)NativeMemory.Alloc(BatchSize * EpollEvents.LargestEntry);
    }

    public override LoopConnection Connect(EndPoint endPoint, TimeSpan timeout, ConnectionHandler handler)
    {
        var connection = new EpollConnection(this, handler, endPoint);
        connection.Connect(timeout);
        return connection;
    }

    /// <summary>Takes over a connection the acceptor gave to this loop and has counted as its.</summary>
    public void Adopt(int descriptor, Func<EventLoop, ConnectionHandler?> accept)
    {
        Tally.Accepted++;
        ConnectionHandler? handler = null;
        try
        {
            handler = IsStopping ? null : accept(this);
        }
        catch (Exception e)
        {
            Report(e);
        }

        if (handler is null)
        {
            CountAccepted(-1);
            Libc.Close(descriptor);
            return;
        }

        var connection = new EpollConnection(this, handler, descriptor);
        connection.Open();
        connection.Introduce();
    }

    /// <summary>Starts watching a descriptor; the negated errno when the system refuses (too many watched, no memory).</summary>
    /// <remarks>The token is what <see cref="Modify"/> and <see cref="Forget"/> want to be told; never 0 but for the loop's own.</remarks>
    public int TryWatch(IEpollSource source, int descriptor, uint events, out ulong token)
    {
        token = _sources.Add(source);
        Tally.InterestChanges++;
        int result = Libc.EpollControl(_epoll, EpollOperation.Add, descriptor, events, token);
        if (result < 0)
        {
            _sources.Remove(token);
            token = 0;
        }

        return result;
    }

    public void Modify(ulong token, int descriptor, uint events)
    {
        Tally.InterestChanges++;
        _ = Libc.EpollControl(_epoll, EpollOperation.Modify, descriptor, events, token);
    }

    /// <summary>Events for the token reach nobody from now on. Closing the descriptor takes it out of epoll.</summary>
    public void Forget(ulong token) => _sources.Remove(token);

    protected override void Wake()
    {
        // The loop looks into its mailbox before it waits.
        if (!IsCurrent)
            Libc.Signal(_wakeDescriptor);
    }

    protected override int Wait(int milliseconds) => Libc.EpollWait(_epoll, _batch, BatchSize, milliseconds);

    protected override void Dispatch(int events)
    {
        for (int i = 0; i < events; i++)
        {
            uint happened = EpollEvents.Read(_batch, i, out ulong token);
            if (_sources.Find(token) is { } source)
                DispatchTo(source, happened);
        }
    }

    protected override void ReleaseSystem()
    {
        Libc.Close(_wakeDescriptor);
        Libc.Close(_epoll);
        NativeMemory.Free(_batch);
    }

    private static void DispatchTo(IEpollSource source, uint events)
    {
        try
        {
            source.OnEvents(events);
        }
        catch (Exception e)
        {
            source.Fail(e);
        }
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new PlatformNotSupportedException($"{call}: {Libc.Describe(-result)}");

    private sealed class WakeSource(EpollLoop loop) : IEpollSource
    {
        public void OnEvents(uint events) => Libc.ClearSignal(loop._wakeDescriptor);

        public void Fail(Exception exception) => loop.Report(exception);
    }
}
