using System.Numerics;

namespace RespProxy.Transport;

/// <summary>
/// Pinned power-of-two arrays of one loop; not thread-safe.
///
/// <para>Arrays are handed out last-in-first-out, so that a busy loop keeps using the few that are in the processor's cache.
/// What the pool holds is bounded by <see cref="HoldLimit"/>, and <see cref="Trim"/> gives back what was not needed lately.</para>
/// </summary>
public sealed class BufferPool
{
    /// <summary>Bytes held for reuse at most, over all sizes: eight of the largest arrays.</summary>
    public const int HoldLimit = 8 * LargestPooled;

    /// <summary>Larger arrays are not kept.</summary>
    internal const int LargestPooled = 1 << LargestShift;

    private const int SmallestShift = 10;
    private const int LargestShift = 21;
    private const int LargestPowerOfTwo = 1 << 30;

    private readonly Bucket[] _buckets = new Bucket[LargestShift - SmallestShift + 1];
    private long _heldBytes;

    public BufferPool()
    {
        for (int i = 0; i < _buckets.Length; i++)
            _buckets[i] = new Bucket();
    }

    /// <summary>Bytes lying in the pool, not rented. Any thread.</summary>
    public long HeldBytes => Volatile.Read(ref _heldBytes);

    /// <summary>An array of at least <paramref name="minimum"/> bytes (at least 1 KiB), contents undefined.</summary>
    public byte[] Rent(int minimum)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minimum);
        if (minimum > LargestPooled)
            return Allocate(minimum > LargestPowerOfTwo ? minimum : (int)BitOperations.RoundUpToPowerOf2((uint)minimum));

        int index = BucketOf(minimum);
        if (_buckets[index].TryTake() is not { } array)
            return Allocate(1 << (index + SmallestShift));

        _heldBytes -= array.Length;
        return array;
    }

    /// <summary>Takes back an array that <see cref="Rent"/> gave; the caller must not touch it any more.</summary>
    public void Return(byte[] array)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Length > LargestPooled || _heldBytes + array.Length > HoldLimit)
            return;

        _buckets[BucketOf(array.Length)].Put(array);
        _heldBytes += array.Length;
    }

    /// <summary>Lets go of the arrays that lay unused since the last call.</summary>
    internal void Trim()
    {
        foreach (var bucket in _buckets)
            _heldBytes -= bucket.DropUnused();
    }

    private static int BucketOf(int length) =>
        length <= 1 << SmallestShift ? 0 : BitOperations.Log2((uint)(length - 1)) + 1 - SmallestShift;

    private static byte[] Allocate(int length) => GC.AllocateUninitializedArray<byte>(length, pinned: true);

    /// <summary>A stack of arrays of one size that knows how many of them were never needed lately.</summary>
    private sealed class Bucket
    {
        private byte[]?[] _items = new byte[]?[4];
        private int _count;
        private int _lowWater;

        public byte[]? TryTake()
        {
            if (_count == 0)
                return null;
            var array = _items[--_count];
            _items[_count] = null;
            if (_count < _lowWater)
                _lowWater = _count;
            return array;
        }

        public void Put(byte[] array)
        {
            if (_count == _items.Length)
                Array.Resize(ref _items, _count * 2);
            _items[_count++] = array;
        }

        public long DropUnused()
        {
            long dropped = 0;
            for (int i = 0; i < _lowWater; i++)
                dropped += _items[i]!.Length;
            // The bottom of the stack is what was not reached; what is above moves down.
            Array.Copy(_items, _lowWater, _items, 0, _count - _lowWater);
            Array.Clear(_items, _count - _lowWater, _lowWater);
            _count -= _lowWater;
            _lowWater = _count;
            return dropped;
        }
    }
}
