using System.Text;
using RespProxy.Protocol.Slots;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// A tenant's key namespace: the bytes <c>cluster@app:</c> that stand before each of its keys upstream. Immutable.
/// The placement is <c>spread</c>: the prefix is not part of the hash tag, so keys spread over all slots and the
/// client's own tags keep working.
/// </summary>
public sealed class KeyNamespace
{
    private readonly byte[] _prefix;

    /// <param name="name"><c>cluster@app</c>, without the colon; validated by the configuration.</param>
    public KeyNamespace(string name)
    {
        Name = name;
        _prefix = Encoding.UTF8.GetBytes(name + ":");
        Slots = new SlotPrefix(_prefix);
    }

    public string Name { get; }

    public ReadOnlySpan<byte> Prefix => _prefix;

    public int PrefixLength => _prefix.Length;

    private SlotPrefix Slots { get; }

    /// <summary>The hash slot of prefix + key, computed without joining them.</summary>
    public int SlotOf(ReadOnlySpan<byte> key) => HashSlot.Of(Slots, key);

    /// <summary>What the tenant's key is called upstream.</summary>
    public byte[] UpstreamName(ReadOnlySpan<byte> key) => [.. Prefix, .. key];

    /// <summary>What the tenant calls a key of this name upstream; false when the key is not in this namespace.</summary>
    public bool TryStrip(ReadOnlySpan<byte> upstreamName, out ReadOnlySpan<byte> key)
    {
        bool isInside = upstreamName.StartsWith(Prefix);
        key = isInside ? upstreamName[PrefixLength..] : default;
        return isInside;
    }

    public override string ToString() => Name;
}
