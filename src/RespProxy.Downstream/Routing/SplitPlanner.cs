using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;

namespace RespProxy.Downstream.Routing;

/// <summary>Groups the keys of a request by hash slot, each group in argument order. Reused; one event loop's.</summary>
internal sealed class SplitPlanner
{
    private long[] _sorted = new long[16];
    private int[] _arguments = new int[16];
    private int[] _ordinals = new int[16];
    private readonly List<int> _starts = [];

    /// <summary>Number of keys planned.</summary>
    public int KeyCount { get; private set; }

    /// <summary>Returns the number of parts.</summary>
    public int Plan(in RequestView request, KeyIndexes keys, KeyNamespace ns)
    {
        KeyCount = keys.Count;
        EnsureCapacity(KeyCount);
        // Slot above, place below: sorting groups by slot and keeps argument order within, without a comparer.
        for (int i = 0; i < KeyCount; i++) _sorted[i] = ((long)ns.SlotOf(request[keys[i]]) << 32) | (uint)i;
        _sorted.AsSpan(0, KeyCount).Sort();
        _starts.Clear();
        int previous = -1;
        for (int i = 0; i < KeyCount; i++)
        {
            int slot = (int)(_sorted[i] >> 32);
            if (slot != previous) _starts.Add(i);
            previous = slot;
            _ordinals[i] = (int)_sorted[i];
            _arguments[i] = keys[_ordinals[i]];
        }

        return _starts.Count;
    }

    public int SlotOf(int part) => (int)(_sorted[_starts[part]] >> 32);

    /// <summary>Argument indexes of a part's keys.</summary>
    public ReadOnlySpan<int> KeysOf(int part) => _arguments.AsSpan(StartOf(part), StartOf(part + 1) - StartOf(part));

    /// <summary>All keys' places among the request's keys, part after part.</summary>
    public ReadOnlySpan<int> Ordinals => _ordinals.AsSpan(0, KeyCount);

    /// <summary>Where a part begins within <see cref="Ordinals"/>; for the part after the last, where that ends.</summary>
    public int StartOf(int part) => part < _starts.Count ? _starts[part] : KeyCount;

    private void EnsureCapacity(int count)
    {
        if (_sorted.Length >= count) return;
        int size = Math.Max(count, _sorted.Length * 2);
        _sorted = new long[size];
        _arguments = new int[size];
        _ordinals = new int[size];
    }
}
