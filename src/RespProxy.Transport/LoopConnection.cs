using System.IO.Pipelines;
using System.Net;

namespace RespProxy.Transport;

/// <summary>
/// A socket bound to one event loop for life, as a pair of pipes. All members are to be used on that loop's thread only,
/// unless stated otherwise.
/// </summary>
public abstract class LoopConnection : IDuplexPipe
{
    protected LoopConnection(EventLoop loop, ConnectionHandler handler)
    {
        Loop = loop;
        Handler = handler;
        Input = new LoopPipeReader(loop.Buffers);
        Output = new LoopPipeWriter(this);
    }

    public EventLoop Loop { get; }

    public ConnectionHandler Handler { get; }

    public LoopPipeReader Input { get; }

    public LoopPipeWriter Output { get; }

    PipeReader IDuplexPipe.Input => Input;

    PipeWriter IDuplexPipe.Output => Output;

    /// <summary>True for connections made by <see cref="EventLoop.Connect"/>: these are flushed first at the end of a turn.</summary>
    public abstract bool IsOutgoing { get; }

    public bool IsClosed { get; protected set; }

    /// <summary>The peer's address; for logs and CLIENT LIST, looked up when asked.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    public abstract EndPoint? LocalEndPoint { get; }

    /// <summary>What the system said when the connection failed; null when it said nothing.</summary>
    public string? Error { get; protected set; }

    /// <summary>True between <see cref="PauseReading"/> and <see cref="ResumeReading"/>.</summary>
    public bool IsReadingPaused { get; protected set; }

    /// <summary>Stops taking bytes from the peer (backpressure). Bytes already in <see cref="Input"/> stay.</summary>
    public abstract void PauseReading();

    /// <summary>
    /// Takes bytes again. If <see cref="Input"/> still holds unconsumed bytes, <see cref="ConnectionHandler.OnReadable"/>
    /// is called for them in the loop's next step, whether or not the peer sends more.
    /// </summary>
    public abstract void ResumeReading();

    /// <summary>
    /// Sends what is written, then closes; nothing more is read. Reported as <see cref="CloseReason.Local"/>. A peer that
    /// never reads keeps the connection open until <see cref="Abort"/>.
    /// </summary>
    public abstract void CloseWhenSent();

    /// <summary>Closes at once; unsent bytes are dropped. <see cref="ConnectionHandler.OnClosed"/> follows in the loop's next step.</summary>
    public abstract void Abort();

    /// <summary>Set while the connection is on the loop's list of those to flush.</summary>
    internal bool IsDirty { get; set; }

    /// <summary>
    /// Hands bytes to the system at once, ahead of the end of the turn, as far as it takes them without waiting; only while nothing is unsent. How many it took:
    /// 0 where it takes none, or the connection cannot; what is wrong with it then shows when the rest is sent.
    /// </summary>
    internal virtual int SendNow(ReadOnlySpan<byte> bytes) => 0;

    /// <summary>As <see cref="Abort"/>, but reported as <paramref name="reason"/>.</summary>
    internal abstract void CloseAs(CloseReason reason);

    /// <summary>Puts the connection on the loop's list of those to flush at the end of this turn.</summary>
    internal abstract void MarkDirty();
}
