namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// Counts the most frequent keys of a stream in bounded memory.
///
/// <para>The algorithm is Space-Saving (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data
/// Streams, 2005). There are k counters. A key that has one is counted; a key that has none takes over the counter with the least count, and
/// that count with it, which is noted as the counter's error.</para>
///
/// <para>With a total weight of N: the least count, and so every error, is at most N/k. A counter's count is never less than its key's
/// true one, and count - error never more. A key of a true weight above N/k has a counter.</para>
///
/// <para>The counters are in a binary heap, least first, and found by an open-addressed table of hashes. Both grow with the keys seen, up to
/// k. Not thread-safe.</para>
/// </summary>
public sealed class SpaceSaving
{
    private const int FirstCounters = 16;

    private readonly int _capacity;
    private readonly KeyStore _keys = new();
    private Counter[] _counters = [];

    /// <summary>Numbers of counters; each is no less than that at half its place.</summary>
    private int[] _heap = [];

    /// <summary>Numbers of counters + 1 by hash, 0 for none; a power of two, and at most half full.</summary>
    private int[] _table = [];

    /// <param name="capacity">k: most counters.</param>
    public SpaceSaving(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
    }

    /// <summary>N: the weight of all that was added.</summary>
    public long Total { get; private set; }

    /// <summary>Keys that have a counter.</summary>
    public int Count { get; private set; }

    /// <summary>What a key without a counter may have been added at the most.</summary>
    public long MostMissed => Count < _capacity ? 0 : _counters[_heap[0]].Count;

    /// <summary>Memory held, in bytes, but for a few words.</summary>
    public int Size => (_counters.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<Counter>()) + ((_heap.Length + _table.Length) * sizeof(int)) + _keys.Size;

    /// <summary>Counts a key. Allocates only while the tables grow.</summary>
    public void Add(in SketchKey key, long weight)
    {
        Total += weight;
        int number = Find(key);
        if (number < 0) number = Count < _capacity ? Append(key) : Replace(key);
        ref Counter counter = ref _counters[number];
        counter.Count += weight;
        SiftDown(counter.Place);
    }

    /// <summary>What the key was certainly added: its count without the error; 0 when it has no counter.</summary>
    public long LeastOf(in SketchKey key)
    {
        int number = Find(key);
        return number < 0 ? 0 : _counters[number].Count - _counters[number].Error;
    }

    /// <summary>Forgets everything; keeps the memory.</summary>
    public void Clear()
    {
        Total = 0;
        Count = 0;
        _table.AsSpan().Clear();
    }

    /// <summary>Adds what was counted to a merged reading.</summary>
    public void CopyTo(HotKeyMerge merge)
    {
        ArgumentNullException.ThrowIfNull(merge);
        merge.Begin(Total, MostMissed);
        for (int number = 0; number < Count; number++)
        {
            ref readonly Counter counter = ref _counters[number];
            merge.Add(counter.Hash, _keys.Read(number, counter.Length), counter.Length, counter.Database, counter.Count, counter.Error);
        }
    }

    private int Find(in SketchKey key)
    {
        if (_table.Length == 0) return -1;
        int mask = _table.Length - 1;
        for (int slot = (int)key.Hash & mask; _table[slot] != 0; slot = (slot + 1) & mask)
        {
            int number = _table[slot] - 1;
            ref readonly Counter counter = ref _counters[number];
            if (counter.Hash == key.Hash && counter.Length == key.Length && counter.Database == key.Database && _keys.Read(number, key.Length).SequenceEqual(key.Kept))
                return number;
        }

        return -1;
    }

    private int Append(in SketchKey key)
    {
        if (Count == _counters.Length) Grow();
        int number = Count++;
        Assign(number, key, count: 0);
        _counters[number].Place = number;
        _heap[number] = number;
        SiftUp(number);
        return number;
    }

    /// <summary>The least counter changes its owner.</summary>
    private int Replace(in SketchKey key)
    {
        int number = _heap[0];
        RemoveFromTable(number);
        Assign(number, key, _counters[number].Count);
        return number;
    }

    private void Assign(int number, in SketchKey key, long count)
    {
        ref Counter counter = ref _counters[number];
        counter.Hash = key.Hash;
        counter.Length = key.Length;
        counter.Database = key.Database;
        counter.Count = count;
        counter.Error = count;
        _keys.Write(number, key.Kept);
        AddToTable(number);
    }

    private void Grow()
    {
        int size = Math.Min(_capacity, Math.Max(FirstCounters, _counters.Length * 2));
        Array.Resize(ref _counters, size);
        Array.Resize(ref _heap, size);
        _keys.Resize(size);
        _table = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size * 2)];
        for (int number = 0; number < Count; number++) AddToTable(number);
    }

    private void AddToTable(int number)
    {
        int mask = _table.Length - 1;
        int slot = (int)_counters[number].Hash & mask;
        while (_table[slot] != 0) slot = (slot + 1) & mask;
        _table[slot] = number + 1;
    }

    /// <summary>Leaves no gap: what stands behind and would not be found across it moves up (Knuth, 6.4, algorithm R).</summary>
    private void RemoveFromTable(int number)
    {
        int mask = _table.Length - 1;
        int gap = (int)_counters[number].Hash & mask;
        while (_table[gap] != number + 1) gap = (gap + 1) & mask;
        for (int slot = (gap + 1) & mask; _table[slot] != 0; slot = (slot + 1) & mask)
        {
            int home = (int)_counters[_table[slot] - 1].Hash & mask;
            if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
            _table[gap] = _table[slot];
            gap = slot;
        }

        _table[gap] = 0;
    }

    private void SiftUp(int place)
    {
        int number = _heap[place];
        long count = _counters[number].Count;
        while (place > 0)
        {
            int parent = (place - 1) / 2;
            if (_counters[_heap[parent]].Count <= count) break;
            Put(_heap[parent], place);
            place = parent;
        }

        Put(number, place);
    }

    private void SiftDown(int place)
    {
        int number = _heap[place];
        long count = _counters[number].Count;
        while (true)
        {
            int child = (place * 2) + 1;
            if (child >= Count) break;
            if (child + 1 < Count && _counters[_heap[child + 1]].Count < _counters[_heap[child]].Count) child++;
            if (_counters[_heap[child]].Count >= count) break;
            Put(_heap[child], place);
            place = child;
        }

        Put(number, place);
    }

    private void Put(int number, int place)
    {
        _heap[place] = number;
        _counters[number].Place = place;
    }

    private struct Counter
    {
        public ulong Hash;
        public long Count;
        public long Error;
        public int Length;
        public int Database;

        /// <summary>In the heap.</summary>
        public int Place;
    }
}
