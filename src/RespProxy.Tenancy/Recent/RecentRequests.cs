using System.Buffers.Binary;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Tenancy.Recent;

/// <summary>
/// Some of the requests of one tenant on one event loop in the last minutes, so that new rules can be tried on them. Of the requests that the hot-key watch
/// samples anyway a part is kept, in a ring of bytes.
///
/// <para>What is kept in a window of time never exceeds the ring. Half of it may be filled at any moment, the other half comes back evenly over the window; the
/// less of that budget is left, the rarer a request is kept. So few requests are all kept, and of many as many as fit. Gaps are
/// random: their mean is the stride, and each request kept stands for all since the one before.</para>
///
/// Loop thread only, but for what says otherwise; a reader from another thread contends for the lock with what is kept only.
/// Allocation-free once the ring has grown.
/// </summary>
public sealed class RecentRequests
{
    /// <summary>Keys of a request that are kept.</summary>
    public const int MostKeys = 8;

    /// <summary>Bytes of a key that are kept.</summary>
    public const int MostKeyBytes = 128;

    private const int HeaderLength = 2 + 2 + 4 + 8 + 4 + 4 + 1;

    private const int MostLength = HeaderLength + (MostKeys * (1 + MostKeyBytes));

    /// <summary>What a tenant with a few requests holds; beyond, the ring has its whole size at once, so that a busy one soon allocates nothing any more.</summary>
    private const int FirstSize = 4096;

    private const int MostStride = 1 << 20;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly long _window;
    private byte[] _entry = [];
    private byte[] _ring = [];
    private int _start;
    private int _length;
    private long _lastKept;

    /// <summary>Bytes that may be kept now.</summary>
    private double _budget;
    private ulong _random;
    private int _untilNext = 1;

    /// <summary>Requests since the last one kept.</summary>
    private long _weight;

    /// <param name="configuration">As configured.</param>
    /// <param name="time">What the window goes by.</param>
    /// <param name="seed">Of the choice of those kept; anything but 0.</param>
    public RecentRequests(RecentRequestsSnapshot configuration, TimeProvider time, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _capacity = configuration.Memory;
        _window = (long)(configuration.Window.TotalSeconds * time.TimestampFrequency);
        _random = seed;
        _budget = _capacity / 2.0;
        _lastKept = time.GetTimestamp();
    }

    /// <summary>Memory held, in bytes, but for a kilobyte.</summary>
    public int Size => _ring.Length;

    /// <summary>A request of the watch's sample has come, and stands for so many.</summary>
    public void Note(in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys, int weight)
    {
        _weight += weight;
        if (--_untilNext <= 0) Keep(request, spec, keys);
    }

    /// <summary>Adds what was kept since a timestamp, oldest first. Any thread.</summary>
    public void CopyTo(ICollection<RecentRequest> requests, long since)
    {
        ArgumentNullException.ThrowIfNull(requests);
        byte[] bytes;
        lock (_lock) bytes = Linear(_length);
        since = Math.Max(since, _time.GetTimestamp() - _window);
        for (int at = 0; at < bytes.Length;)
        {
            RecentRequest request = Read(bytes.AsSpan(at), out int length);
            at += length;
            // For those that have come since the last one, until another is kept, this one must stand, too.
            if (at == bytes.Length) request = request with { Weight = (int)Math.Min(int.MaxValue, request.Weight + Volatile.Read(ref _weight)) };
            if (request.At >= since) requests.Add(request);
        }
    }

    /// <summary>Gives the memory back when nothing was kept within the window.</summary>
    public void Trim()
    {
        lock (_lock)
        {
            if (_time.GetTimestamp() - _lastKept < _window) return;
            (_entry, _ring, _start, _length) = ([], [], 0, 0);
        }
    }

    private void Keep(in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys)
    {
        long now = _time.GetTimestamp();
        int length = Write(now, request, spec, keys);
        _budget = Math.Min(_capacity / 2.0, _budget + ((double)(now - _lastKept) / _window * _capacity / 2)) - length;
        int stride = (int)Math.Clamp(_capacity / 2 / Math.Max(_budget, 1), 1, MostStride);
        _untilNext = stride == 1 ? 1 : 1 + (int)(Random() % (uint)((2 * stride) - 1));
        _weight = 0;
        lock (_lock)
        {
            _lastKept = now;
            Append(_entry.AsSpan(0, length));
        }
    }

    private int Write(long now, in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys)
    {
        if (_entry.Length == 0) _entry = new byte[MostLength];
        Span<byte> entry = _entry;
        BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)spec.Index);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], (int)Math.Min(_weight, int.MaxValue));
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], now);
        BinaryPrimitives.WriteInt32LittleEndian(entry[16..], request.Frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(entry[20..], keys.Length);
        int kept = Math.Min(keys.Length, MostKeys);
        entry[24] = (byte)kept;
        int at = HeaderLength;
        foreach (int key in keys[..kept])
        {
            ReadOnlySpan<byte> name = request[key];
            if (name.Length > MostKeyBytes) name = name[..MostKeyBytes];
            entry[at] = (byte)name.Length;
            name.CopyTo(entry[(at + 1)..]);
            at += 1 + name.Length;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)at);
        return at;
    }

    private static RecentRequest Read(ReadOnlySpan<byte> entry, out int length)
    {
        length = BinaryPrimitives.ReadUInt16LittleEndian(entry);
        var keys = new byte[entry[24]][];
        int at = HeaderLength;
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = entry.Slice(at + 1, entry[at]).ToArray();
            at += 1 + entry[at];
        }

        return new RecentRequest(
            BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
            CommandTable.All[BinaryPrimitives.ReadUInt16LittleEndian(entry[2..])],
            BinaryPrimitives.ReadInt32LittleEndian(entry[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(entry[20..]),
            keys,
            BinaryPrimitives.ReadInt32LittleEndian(entry[4..]));
    }

    private void Append(ReadOnlySpan<byte> entry)
    {
        while (_ring.Length - _length < entry.Length)
        {
            if (_ring.Length < _capacity) Grow();
            else Drop();
        }

        int at = (_start + _length) % _ring.Length;
        int first = Math.Min(entry.Length, _ring.Length - at);
        entry[..first].CopyTo(_ring.AsSpan(at));
        entry[first..].CopyTo(_ring);
        _length += entry.Length;
    }

    private void Grow() => (_ring, _start) = (Linear(_ring.Length == 0 ? Math.Min(_capacity, FirstSize) : _capacity), 0);

    /// <summary>The oldest one goes.</summary>
    private void Drop()
    {
        int length = _ring[_start] | (_ring[(_start + 1) % _ring.Length] << 8);
        _start = (_start + length) % _ring.Length;
        _length -= length;
    }

    /// <summary>What is kept, from the start of an array of some size.</summary>
    private byte[] Linear(int size)
    {
        var bytes = new byte[size];
        int first = Math.Min(_length, _ring.Length - _start);
        _ring.AsSpan(_start, first).CopyTo(bytes);
        _ring.AsSpan(0, _length - first).CopyTo(bytes.AsSpan(first));
        return bytes;
    }

    /// <summary>xorshift64 (Marsaglia 2003).</summary>
    private ulong Random()
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        return _random ^= _random << 17;
    }
}
