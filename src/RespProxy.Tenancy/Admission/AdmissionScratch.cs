using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Admission;

/// <summary>What one request at a time costs, per rate: reused from request to request, so that a decision allocates nothing. One loop's.</summary>
public sealed class AdmissionScratch
{
    private RateRule[] _rates = new RateRule[8];
    private Entry[] _entries = new Entry[8];

    /// <summary>The loop's number, from 0: rates count for each loop.</summary>
    public int Loop { get; init; }

    internal KeyIndexes Keys { get; } = new();

    /// <summary>Rates that the request is subject to.</summary>
    internal int Count { get; private set; }

    /// <summary>Keys that the request names, where a rule asks for their number.</summary>
    internal long KeyCount { get; set; }

    /// <summary>The request's length.</summary>
    internal long RequestBytes { get; set; }

    internal void Clear()
    {
        KeyCount = 0;
        for (int i = 0; i < Count; i++) _entries[_rates[i].Ordinal] = default;
        Count = 0;
    }

    internal RateRule RateAt(int index) => _rates[index];

    internal long CostOf(RateRule rate) => _entries[rate.Ordinal].Cost;

    /// <summary>The request costs so much at the rate, however often this is said; 0 only asks whether the rate is out of debt.</summary>
    internal void AddOnce(RateRule rate, long cost)
    {
        ref Entry entry = ref EntryOf(rate);
        if (!entry.IsUsed) Use(ref entry, rate, cost);
    }

    /// <summary>The key at the argument costs one at the rate, however many of its patterns match.</summary>
    internal void AddKey(RateRule rate, int argument)
    {
        ref Entry entry = ref EntryOf(rate);
        if (!entry.IsUsed) Use(ref entry, rate, cost: 0);
        if (entry.LastKey == argument) return;
        entry.LastKey = argument;
        entry.Cost++;
    }

    /// <summary>As if so many requests like this one came at once.</summary>
    internal void Multiply(long times)
    {
        for (int i = 0; i < Count; i++) _entries[_rates[i].Ordinal].Cost *= times;
    }

    private ref Entry EntryOf(RateRule rate)
    {
        if (rate.Ordinal >= _entries.Length) Array.Resize(ref _entries, Math.Max(_entries.Length * 2, rate.Ordinal + 1));
        return ref _entries[rate.Ordinal];
    }

    private void Use(ref Entry entry, RateRule rate, long cost)
    {
        entry = new Entry { IsUsed = true, Cost = cost };
        if (Count == _rates.Length) Array.Resize(ref _rates, Count * 2);
        _rates[Count++] = rate;
    }

    private struct Entry
    {
        public bool IsUsed;

        /// <summary>Argument 0 is the command's name and never a key.</summary>
        public int LastKey;

        public long Cost;
    }
}
