using System.Diagnostics;

namespace RespProxy.Transport.Core;

/// <summary>The timers of a loop: a binary heap by due time; a cancelled timer leaves at once. The loop's thread only.</summary>
internal sealed class TimerHeap
{
    private readonly List<Entry> _heap = [];
    private long _sequence;

    public int Count => _heap.Count;

    /// <summary>When the earliest timer is due, in <see cref="Stopwatch"/> ticks; <see cref="long.MaxValue"/> without timers.</summary>
    public long NextDue => _heap.Count == 0 ? long.MaxValue : _heap[0].Due;

    public LoopTimer Add(long due, Action callback)
    {
        var entry = new Entry(this, callback);
        Insert(entry, due);
        return entry;
    }

    /// <summary>The time so long from now, in <see cref="Stopwatch"/> ticks; a negative span is none.</summary>
    public static long DueAfter(TimeSpan due) =>
        Stopwatch.GetTimestamp() + (long)Math.Min(Math.Max(due.TotalSeconds, 0) * Stopwatch.Frequency, long.MaxValue / 4);

    /// <summary>Takes the earliest timer off, if it is due at <paramref name="now"/>.</summary>
    public bool TryTakeDue(long now, out Action callback)
    {
        if (NextDue > now)
        {
            callback = null!;
            return false;
        }

        callback = _heap[0].Callback;
        Remove(_heap[0]);
        return true;
    }

    private void Insert(Entry entry, long due)
    {
        entry.Due = due;
        entry.Sequence = _sequence++;
        entry.Index = _heap.Count;
        _heap.Add(entry);
        Rise(entry);
    }

    private void Remove(Entry entry)
    {
        int hole = entry.Index;
        entry.Index = -1;
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last == entry)
            return;
        Place(last, hole);
        Rise(last);
        Sink(last);
    }

    private void Rise(Entry entry)
    {
        while (entry.Index > 0)
        {
            int parentIndex = (entry.Index - 1) / 2;
            var parent = _heap[parentIndex];
            if (!entry.IsBefore(parent))
                return;
            Place(parent, entry.Index);
            Place(entry, parentIndex);
        }
    }

    private void Sink(Entry entry)
    {
        while (true)
        {
            int child = (2 * entry.Index) + 1;
            if (child >= _heap.Count)
                return;
            if (child + 1 < _heap.Count && _heap[child + 1].IsBefore(_heap[child]))
                child++;
            var earlier = _heap[child];
            if (!earlier.IsBefore(entry))
                return;
            Place(earlier, entry.Index);
            Place(entry, child);
        }
    }

    private void Place(Entry entry, int index)
    {
        _heap[index] = entry;
        entry.Index = index;
    }

    private sealed class Entry(TimerHeap heap, Action callback) : LoopTimer
    {
        public Action Callback => callback;

        public long Due { get; set; }

        public long Sequence { get; set; }

        /// <summary>Where in the heap this is; -1 once fired or cancelled.</summary>
        public int Index { get; set; } = -1;

        // Equal times fire in the order scheduled.
        public bool IsBefore(Entry other) => Due < other.Due || (Due == other.Due && Sequence < other.Sequence);

        public override void Restart(TimeSpan due)
        {
            Cancel();
            heap.Insert(this, DueAfter(due));
        }

        public override void Cancel()
        {
            if (Index >= 0)
                heap.Remove(this);
        }
    }
}
