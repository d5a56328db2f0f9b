using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace RespProxy.Transport;

/// <summary>
/// What a connection has received and its handler has not consumed: always one contiguous segment.
///
/// <para>Protocol of the buffer. While a callback runs, the bytes may lie in the loop's shared receive buffer; what is
/// left when it returns is copied to a pooled array that the reader keeps until it is consumed. So an idle connection
/// holds no buffer. Handlers use <see cref="Unread"/> and <see cref="Consume"/>; the <see cref="PipeReader"/> members say
/// the same for code written against pipes, and what they give is valid until the callback returns, too.</para>
///
/// <para>The connection's side: <see cref="PrepareReceive"/>, the system call, <see cref="Received"/>, the handler's
/// callback, <see cref="Settle"/>.</para>
///
/// Used on the loop's thread only.
/// </summary>
public sealed class LoopPipeReader : PipeReader
{
    /// <summary>
    /// Fewer leftover bytes than this (half a frame, mostly) are put before what is received next in the loop's large
    /// buffer: one small copy, and a full receive. More than this is a large frame, received where it lies.
    /// </summary>
    private const int LeftoverCopied = 32 * 1024;

    /// <summary>Least room worth a receive call into an array of our own.</summary>
    private const int LeastRoom = 16 * 1024;

    private readonly BufferPool _pool;
    private readonly PendingRead _pendingRead = new();

    private byte[] _array = []; // where the unread bytes are: the loop's buffer or _own
    private byte[]? _own;       // ours from the pool; kept through a callback that reads from the loop's buffer
    private int _start;
    private int _end;
    private int _expected;

    private int _readStart;     // what the last TryRead gave out
    private int _readLength;
    private bool _hasUnexamined;
    private bool _isFinished;
    private bool _isCanceled;
    private bool _isWaiting;
    private bool _isCompleted;

    internal LoopPipeReader(BufferPool pool) => _pool = pool;

    /// <summary>Received and not yet consumed. Valid until the callback returns.</summary>
    public ReadOnlySpan<byte> Unread => _array.AsSpan(_start, _end - _start);

    /// <summary>Drops the first <paramref name="count"/> bytes of <see cref="Unread"/>.</summary>
    public void Consume(int count)
    {
        if ((uint)count > (uint)(_end - _start))
            throw new ArgumentOutOfRangeException(nameof(count), count, "More than is unread.");
        if (count == 0)
            return;
        _start += count;
        _expected = 0;
        if (_start == _end && _array == _own)
            Release();
    }

    /// <summary>
    /// Says how many unread bytes there will have to be before the handler can do anything, so that the buffer is grown
    /// once for a large frame; a hint that is trusted only up to what has arrived doubled, lest a claim cost memory.
    /// </summary>
    public void ExpectAtLeast(int total) => _expected = total;

    public override bool TryRead(out ReadResult result)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The reader was completed.");
        if (!_hasUnexamined && !_isFinished && !_isCanceled)
        {
            result = default;
            return false;
        }

        _readStart = _start;
        _readLength = _end - _start;
        var bytes = _readLength == 0 ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_array, _start, _readLength);
        if (_readLength == 0)
            _readStart = 0;
        result = new ReadResult(bytes, _isCanceled, _isFinished);
        _isCanceled = false;
        return true;
    }

    /// <summary>
    /// Completes at once, or within the callback that brings bytes (in place of <see cref="ConnectionHandler.OnReadable"/>).
    /// One read at a time. A token is looked at on entry only; <see cref="CancelPendingRead"/> ends a wait.
    /// </summary>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryRead(out var result))
            return new ValueTask<ReadResult>(result);
        if (_isWaiting)
            throw new InvalidOperationException("A read is waiting already.");
        _isWaiting = true;
        return _pendingRead.Begin();
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        int consumedCount = Offset(consumed);
        int examinedCount = Math.Max(Offset(examined), consumedCount);
        if (consumedCount < 0 || examinedCount > _readLength)
            throw new InvalidOperationException("The position is not of the last read.");
        _hasUnexamined = examinedCount < _end - _start;
        Consume(consumedCount);
    }

    public override void CancelPendingRead()
    {
        _isCanceled = true;
        SignalPendingRead();
    }

    /// <summary>Drops what is unread, and what is still received.</summary>
    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        if (_array == _own)
            Release();
        else
            _start = _end;
    }

    /// <summary>Where to receive next: room after the unread bytes, in <paramref name="shared"/> or in an array of our own.</summary>
    /// <param name="shared">The loop's receive buffer, in use until <see cref="Settle"/>.</param>
    internal ArraySegment<byte> PrepareReceive(byte[] shared)
    {
        int unread = _end - _start;
        if (unread <= LeftoverCopied)
        {
            _array.AsSpan(_start, unread).CopyTo(shared);
            _array = shared;
            _start = 0;
            _end = unread;
        }
        else
        {
            MakeRoom(unread);
        }

        return new ArraySegment<byte>(_array, _end, _array.Length - _end);
    }

    /// <summary>The system put <paramref name="count"/> bytes where <see cref="PrepareReceive"/> said.</summary>
    internal void Received(int count)
    {
        if (_isCompleted)
            return;
        _end += count;
        _hasUnexamined = true;
    }

    /// <summary>The peer sends no more.</summary>
    internal void Finish()
    {
        _isFinished = true;
        SignalPendingRead();
    }

    /// <summary>Completes a waiting <see cref="ReadAsync"/> inline. False when there is none.</summary>
    internal bool SignalPendingRead()
    {
        if (!_isWaiting || _isCompleted || !TryRead(out var result))
            return false;
        _isWaiting = false;
        _pendingRead.Complete(result);
        return true;
    }

    /// <summary>The callback is over: what it left in the loop's buffer moves to an array of our own.</summary>
    internal void Settle()
    {
        int unread = _end - _start;
        if (unread == 0)
        {
            Release();
            return;
        }

        if (_array == _own)
            return;

        int wanted = Math.Clamp(_expected, unread, (int)Math.Min(2L * unread, Array.MaxLength));
        if (_own is null || _own.Length < wanted || _own.Length > Math.Max(LeftoverCopied, 4L * wanted))
        {
            var array = _pool.Rent(wanted);
            ReturnOwn();
            _own = array;
        }

        _array.AsSpan(_start, unread).CopyTo(_own);
        _array = _own;
        _start = 0;
        _end = unread;
    }

    /// <summary>Drops everything, wherever it lies.</summary>
    internal void Release()
    {
        ReturnOwn();
        _array = [];
        _start = _end = 0;
    }

    private void MakeRoom(int unread)
    {
        int room = _array.Length - _end;
        if (room >= LeastRoom || (_expected > unread && room >= _expected - unread))
            return;

        // As many free bytes in front as are to be moved pay for moving them; else double.
        if (_start >= unread)
        {
            _array.AsSpan(_start, unread).CopyTo(_array);
        }
        else
        {
            if (unread >= Array.MaxLength - LeastRoom)
                throw new InvalidOperationException("The unread input of a connection cannot exceed 2 GiB.");
            var larger = _pool.Rent((int)Math.Min(2L * unread, Array.MaxLength));
            _array.AsSpan(_start, unread).CopyTo(larger);
            ReturnOwn();
            _array = _own = larger;
        }

        _start = 0;
        _end = unread;
    }

    private void ReturnOwn()
    {
        if (_own is not null)
            _pool.Return(_own);
        _own = null;
    }

    // A position of a sequence over an array is an index, with the top bit set at the sequence's end. It is taken relative
    // to the read it came from, so it stays right when the bytes have moved since.
    private int Offset(SequencePosition position) => (position.GetInteger() & int.MaxValue) - _readStart;

    private sealed class PendingRead : IValueTaskSource<ReadResult>
    {
        private ManualResetValueTaskSourceCore<ReadResult> _core;

        public ValueTask<ReadResult> Begin()
        {
            _core.Reset();
            return new ValueTask<ReadResult>(this, _core.Version);
        }

        public void Complete(ReadResult result) => _core.SetResult(result);

        ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _core.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _core.GetStatus(token);

        void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
