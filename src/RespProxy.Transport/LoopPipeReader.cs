using System.IO.Pipelines;

namespace RespProxy.Transport;

/// <summary>
/// What a connection has received and its handler has not consumed: always one contiguous segment.
///
/// <para>Protocol of the buffer. While a callback runs, the bytes may lie in the loop's shared receive buffer; what is
/// left when it returns is copied to a pooled array that the reader keeps until it is consumed. So an idle connection
/// holds no buffer. Handlers use <see cref="Unread"/> and <see cref="Consume"/>; the <see cref="PipeReader"/> members say
/// the same for code written against pipes.</para>
///
/// Used on the loop's thread only.
/// </summary>
public sealed class LoopPipeReader : PipeReader
{
    private readonly BufferPool _pool;

    internal LoopPipeReader(BufferPool pool) => _pool = pool;

    /// <summary>Received and not yet consumed. Valid until the callback returns.</summary>
    public ReadOnlySpan<byte> Unread => throw new NotImplementedException();

    /// <summary>Drops the first <paramref name="count"/> bytes of <see cref="Unread"/>.</summary>
    public void Consume(int count) => throw new NotImplementedException();

    /// <summary>
    /// Says how many unread bytes there will have to be before the handler can do anything, so that the buffer is grown
    /// once for a large frame; a hint that is trusted only up to what has arrived doubled, lest a claim cost memory.
    /// </summary>
    public void ExpectAtLeast(int total) => throw new NotImplementedException();

    public override bool TryRead(out ReadResult result) => throw new NotImplementedException();

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    public override void AdvanceTo(SequencePosition consumed) => throw new NotImplementedException();

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw new NotImplementedException();

    public override void CancelPendingRead() => throw new NotImplementedException();

    public override void Complete(Exception? exception = null) => throw new NotImplementedException();
}
