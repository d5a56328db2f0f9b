using System.IO.Pipelines;

namespace RespProxy.Transport;

/// <summary>
/// What a connection will send: one growing pooled array, sent with one call at the end of the loop's turn.
///
/// <para>Retention. With <see cref="RetainsSent"/> the bytes stay readable after they were sent, until
/// <see cref="ReleaseTo"/>: a request that a node redirects, or loses, is found again at its stream position and
/// copied from there, and no request is copied ahead of need. The array is compacted when it would have to grow.</para>
///
/// Used on the loop's thread only.
/// </summary>
public sealed class LoopPipeWriter : PipeWriter
{
    private readonly LoopConnection _connection;

    internal LoopPipeWriter(LoopConnection connection) => _connection = connection;

    /// <summary>Stream position of the next byte to be written: bytes written since the connection was made.</summary>
    public long Position => throw new NotImplementedException();

    /// <summary>Stream position of the first byte not yet handed to the system. Bytes at or after it have certainly not left.</summary>
    public long SentPosition => throw new NotImplementedException();

    /// <summary>Written and not yet handed to the system.</summary>
    public long Unsent => Position - SentPosition;

    /// <summary>Set before the first write; false by default.</summary>
    public bool RetainsSent { get; set; }

    /// <summary>Bytes before <paramref name="position"/> are not needed any more.</summary>
    public void ReleaseTo(long position) => throw new NotImplementedException();

    /// <summary>Bytes written at <paramref name="position"/>, not released. Valid until the next write.</summary>
    public ReadOnlySpan<byte> Retained(long position, int length) => throw new NotImplementedException();

    /// <summary>Has the bytes written so far sent at the end of this turn. Costs a flag test.</summary>
    public void Flush() => throw new NotImplementedException();

    public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotImplementedException();

    public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotImplementedException();

    public override void Advance(int bytes) => throw new NotImplementedException();

    /// <summary>The same as <see cref="Flush"/>; completed at once: backpressure is <see cref="Unsent"/> and <see cref="ConnectionHandler.OnDrained"/>.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    public override void CancelPendingFlush() => throw new NotImplementedException();

    public override void Complete(Exception? exception = null) => throw new NotImplementedException();
}
