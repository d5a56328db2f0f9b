using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace RespProxy.Transport;

/// <summary>
/// What a connection will send: one growing pooled array, sent with one call at the end of the loop's turn.
///
/// <para>Retention. With <see cref="RetainsSent"/> the bytes stay readable after they were sent, until
/// <see cref="ReleaseTo"/>: a request that a node redirects, or loses, is found again at its stream position and
/// copied from there, and no request is copied ahead of need. The array is compacted when it would have to grow.</para>
///
/// <para>The array: <c>[ free | sent, retained | unsent | free ]</c>, the borders being the released, sent and written
/// offsets; without retention released equals sent. Stream position = offset + position of the array's first byte.</para>
///
/// Used on the loop's thread only.
/// </summary>
public sealed class LoopPipeWriter : PipeWriter
{
    /// <summary>First array of an empty writer: a handful of small replies, and a page.</summary>
    private const int FirstArray = 4096;

    /// <summary>An empty writer that retains (an upstream one, hot) keeps an array up to this size between turns.</summary>
    private const int KeptWhenEmpty = 64 * 1024;

    /// <summary>From here on a copy into the array costs more than a system call before the end of the turn (docs/performance.md, large values).</summary>
    private const int SentAtOnce = 32 * 1024;

    private readonly LoopConnection _connection;
    private readonly BufferPool _pool;
    private byte[] _array = [];
    private int _usual; // bytes that lately stood in an array before it was given up: the next one begins with room for as many
    private long _basePosition;
    private long _releasePosition;
    private int _released;
    private int _sent;
    private int _written;
    private bool _closed;

    internal LoopPipeWriter(LoopConnection connection)
    {
        _connection = connection;
        _pool = connection.Loop.Buffers;
    }

    /// <summary>Stream position of the next byte to be written: bytes written since the connection was made.</summary>
    public long Position => _basePosition + _written;

    /// <summary>Stream position of the first byte not yet handed to the system. Bytes at or after it have certainly not left.</summary>
    public long SentPosition => _basePosition + _sent;

    /// <summary>Written and not yet handed to the system.</summary>
    public long Unsent => _written - _sent;

    /// <summary>Written and not released: <see cref="Unsent"/>, and with <see cref="RetainsSent"/> what was sent and may be sent again.</summary>
    public long Kept => _written - _released;

    /// <summary><see cref="Unsent"/> for those who only look: any thread; a moment old.</summary>
    public long UnsentSeenFromOutside
    {
        get
        {
            // Both numbers move together when the array is compacted: taken when the one stayed while the other was read.
            for (int attempt = 0; attempt < 4; attempt++)
            {
                int sent = Volatile.Read(ref _sent);
                int written = Volatile.Read(ref _written);
                if (sent == Volatile.Read(ref _sent))
                    return Math.Max(0, written - sent);
            }

            return 0;
        }
    }

    /// <summary>Set before the first write; false by default.</summary>
    public bool RetainsSent { get; set; }

    /// <summary>Always true: <see cref="UnflushedBytes"/> is <see cref="Unsent"/>.</summary>
    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => Unsent;

    /// <summary>The bytes to hand to the system next.</summary>
    internal ReadOnlyMemory<byte> UnsentBytes => _array.AsMemory(_sent, _written - _sent);

    /// <summary>The array behind <see cref="UnsentBytes"/>, for the system call.</summary>
    internal ArraySegment<byte> UnsentSegment => new(_array, _sent, _written - _sent);

    /// <summary>Bytes before <paramref name="position"/> are not needed any more. Those not yet sent are still sent.</summary>
    public void ReleaseTo(long position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Position);
        if (position <= _releasePosition)
            return;
        _releasePosition = position;
        ReleaseSent();
    }

    /// <summary>Bytes written at <paramref name="position"/>, not released. Valid until the next write.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Some of them are released, or not written.</exception>
    public ReadOnlySpan<byte> Retained(long position, int length)
    {
        long offset = position - _basePosition;
        if (offset < _released || length < 0 || offset + length > _written)
            throw new ArgumentOutOfRangeException(nameof(position), position, "Released already, or never written.");
        return _array.AsSpan((int)offset, length);
    }

    /// <summary>Has the bytes written so far sent at the end of this turn. Costs a flag test.</summary>
    public void Flush()
    {
        if (!_connection.IsDirty)
            _connection.MarkDirty();
    }

    /// <summary>
    /// Writes and flushes. What is large and has nothing before it goes to the system from where it lies; what the system does not take at once is copied like
    /// everything else, and sent at the end of the turn.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= SentAtOnce)
            bytes = bytes[WriteAtOnce(bytes)..];
        if (bytes.IsEmpty)
            return;
        bytes.CopyTo(GetSpan(bytes.Length));
        Advance(bytes.Length);
        Flush();
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(_written);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(_written);
    }

    public override void Advance(int bytes)
    {
        if ((uint)bytes > (uint)(_array.Length - _written))
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "More than was asked for.");
        _written += bytes;
        if (_closed)
            DropArray();
    }

    /// <summary>The same as <see cref="Flush"/>; completed at once: backpressure is <see cref="Unsent"/> and <see cref="ConnectionHandler.OnDrained"/>.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Flush();
        return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: _connection.IsClosed));
    }

    /// <summary>Nothing: a flush never waits.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <summary>As <see cref="LoopConnection.CloseWhenSent"/>, or with an exception as <see cref="LoopConnection.Abort"/>.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (exception is null)
            _connection.CloseWhenSent();
        else
            _connection.Abort();
    }

    /// <summary>The first <paramref name="count"/> of <see cref="UnsentBytes"/> went to the system.</summary>
    internal void MarkSent(int count)
    {
        _sent += count;
        ReleaseSent();
    }

    /// <summary>Unsent bytes will never be sent: the peer takes no more. Retained ones stay readable.</summary>
    internal void Close()
    {
        _closed = true;
        DropArray();
    }

    private int WriteAtOnce(ReadOnlySpan<byte> bytes)
    {
        if (_written > 0 || RetainsSent)
            return 0;
        int taken = _connection.SendNow(bytes);
        _basePosition += taken;
        return taken;
    }

    private void ReleaseSent()
    {
        _released = RetainsSent ? (int)Math.Clamp(_releasePosition - _basePosition, _released, _sent) : _sent;
        if (_released < _written)
            return;
        if (RetainsSent && _array.Length <= KeptWhenEmpty)
            Rebase();
        else
            DropArray();
    }

    private void Reserve(int sizeHint)
    {
        if (_array.Length - _written < Math.Max(sizeHint, 1))
            MakeRoom(Math.Max(sizeHint, 1));
    }

    private void MakeRoom(int room)
    {
        int live = _written - _released;
        long needed = (long)live + room;
        if (needed > Array.MaxLength)
            throw new InvalidOperationException("The output of a connection cannot exceed 2 GiB.");

        // Moving in place costs the live bytes and wins the released ones: paid for when there are at least as many.
        if (needed <= _array.Length && _released >= live)
        {
            _array.AsSpan(_released, live).CopyTo(_array);
        }
        else
        {
            long capacity = Math.Max(Math.Max(needed, FirstArray), _array.Length == 0 ? _usual : Math.Min(_array.Length + 1L, Array.MaxLength));
            var larger = _pool.Rent((int)capacity);
            _array.AsSpan(_released, live).CopyTo(larger);
            ReturnArray();
            _array = larger;
        }

        _basePosition += _released;
        _written -= _released;
        _sent -= _released;
        _released = 0;
    }

    /// <summary>Everything written is done with: the next byte goes to the array's start.</summary>
    private void Rebase()
    {
        _basePosition += _written;
        _released = _sent = _written = 0;
    }

    private void DropArray()
    {
        _usual = Math.Min(Math.Max(_written, _usual / 2), BufferPool.LargestPooled);
        Rebase();
        ReturnArray();
        _array = [];
    }

    private void ReturnArray()
    {
        if (_array.Length > 0)
            _pool.Return(_array);
    }
}
