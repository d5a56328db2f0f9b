namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// The keys of a table of fixed size, in one array: a place of the same width for each. The width doubles when a longer key comes, up to
/// <see cref="SketchKey.MostKept"/>, so that memory is bounded and a key that takes another's place costs no allocation. Not thread-safe.
/// </summary>
internal sealed class KeyStore
{
    /// <summary>What most keys fit into.</summary>
    private const int LeastWidth = 32;

    private byte[] _bytes = [];
    private int _width = LeastWidth;

    /// <summary>Memory held, in bytes.</summary>
    public int Size => _bytes.Length;

    /// <summary>Makes room for so many keys; those there are stay.</summary>
    public void Resize(int places) => Array.Resize(ref _bytes, places * _width);

    public ReadOnlySpan<byte> Read(int place, int length) => _bytes.AsSpan(place * _width, Math.Min(length, SketchKey.MostKept));

    public void Write(int place, ReadOnlySpan<byte> kept)
    {
        if (kept.Length > _width) Widen(kept.Length);
        kept.CopyTo(_bytes.AsSpan(place * _width));
    }

    private void Widen(int length)
    {
        int width = _width;
        while (width < length) width *= 2;
        int places = _bytes.Length / _width;
        var wider = new byte[places * width];
        for (int place = 0; place < places; place++) _bytes.AsSpan(place * _width, _width).CopyTo(wider.AsSpan(place * width));
        _bytes = wider;
        _width = width;
    }
}
