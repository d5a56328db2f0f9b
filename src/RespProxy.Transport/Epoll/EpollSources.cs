namespace RespProxy.Transport.Epoll;

/// <summary>Something with a descriptor that epoll watches.</summary>
internal interface IEpollSource
{
    void OnEvents(uint events);

    /// <summary><see cref="OnEvents"/> threw.</summary>
    void Fail(Exception exception);
}

/// <summary>
/// Who is behind a token. A token is a slot's index and its generation, which grows when the slot is given up; so an event
/// left over in a batch for a descriptor closed since, even if the number is in use again, finds nobody.
/// </summary>
internal sealed class EpollSources
{
    private Slot[] _slots = new Slot[64];
    private int _used;
    private int _firstFree = -1;

    public ulong Add(IEpollSource source)
    {
        int index = _firstFree;
        if (index >= 0)
        {
            _firstFree = _slots[index].NextFree;
        }
        else
        {
            if (_used == _slots.Length)
                Array.Resize(ref _slots, _used * 2);
            index = _used++;
        }

        ref var slot = ref _slots[index];
        slot.Source = source;
        return ((ulong)slot.Generation << 32) | (uint)index;
    }

    public void Remove(ulong token)
    {
        int index = (int)(uint)token;
        ref var slot = ref _slots[index];
        slot.Source = null;
        slot.Generation++;
        slot.NextFree = _firstFree;
        _firstFree = index;
    }

    public IEpollSource? Find(ulong token)
    {
        ref var slot = ref _slots[(int)(uint)token];
        return slot.Generation == (uint)(token >> 32) ? slot.Source : null;
    }

    private struct Slot
    {
        public IEpollSource? Source;
        public uint Generation;
        public int NextFree;
    }
}
