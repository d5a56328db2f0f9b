using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Protocol.Slots;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// One database of a tenant: how its keys are called upstream. Immutable; any thread; allocation-free.
///
/// <para>The key upstream of <c>key</c> in the namespace <c>c@a</c>, by placement, in database 0 and in database 3:
/// spread <c>c@a:key</c> and <c>c@a/3:key</c>; pinned <c>{c@a}:key</c> and <c>{c@a}/3:key</c>. Tagged puts the part of the key that decides
/// its slot into the braces: a key <c>p{t}s</c>, by the rule of <see cref="HashTag"/>, is <c>{c@a:t}p{}s</c>; a key without a tag is <c>{c@a:key}</c>,
/// or <c>{c@a:}key</c> where it holds a <c>}</c>; database 3 puts <c>{3}</c> after the braces.</para>
///
/// <para>No two keys of any two tenants meet: a name holds none of <c>: / { }</c>, so what follows it tells where it ends and which
/// form it is. Within tagged, what stands before the client's <c>{}</c> holds no <c>{</c>, and a key without a tag does not
/// begin with <c>{3}</c>, so neither is taken for a database. A decoder refuses what its encoder cannot have written.</para>
///
/// Every form is longer than the key by the same <see cref="Growth"/>.
/// </summary>
public sealed class KeyNamespace
{
    private readonly byte[] _prefix;
    private readonly byte[] _name;
    private readonly byte[] _functionPrefix;

    /// <summary>Tagged, other than database 0: what follows the tag.</summary>
    private readonly byte[] _database;
    private readonly SlotPrefix _slots;
    private readonly int _pinnedSlot;

    /// <param name="name"><c>cluster@app</c>, without the colon; validated by the configuration.</param>
    /// <param name="placement">Where the name stands in keys upstream.</param>
    /// <param name="database">0 or above.</param>
    public KeyNamespace(string name, KeyPlacement placement = KeyPlacement.Spread, int database = 0)
    {
        Name = name;
        Placement = placement;
        Database = database;
        _name = Encoding.UTF8.GetBytes(name);
        _functionPrefix = Encoding.ASCII.GetBytes($"rp{Convert.ToHexStringLower(_name)}_");
        string number = database == 0 ? "" : "/" + database.ToString(CultureInfo.InvariantCulture);
        string prefix = placement switch
        {
            KeyPlacement.Pinned => $"{{{name}}}{number}:",
            KeyPlacement.Tagged => $"{{{name}:",
            _ => $"{name}{number}:",
        };
        _prefix = Encoding.UTF8.GetBytes(prefix);
        _database = placement == KeyPlacement.Tagged && database > 0 ? Encoding.UTF8.GetBytes($"{{{number[1..]}}}") : [];
        Growth = _prefix.Length + (placement == KeyPlacement.Tagged ? 1 + _database.Length : 0);
        if (placement == KeyPlacement.Pinned) _pinnedSlot = HashSlot.Of(_prefix);
        else _slots = new SlotPrefix(_prefix.AsSpan(placement == KeyPlacement.Tagged ? 1 : 0));
    }

    /// <summary><c>cluster@app</c>.</summary>
    public string Name { get; }

    public KeyPlacement Placement { get; }

    /// <summary>Its number, as SELECT gives it.</summary>
    public int Database { get; }

    /// <summary>What each key of the database begins with upstream. Tagged, all databases of the tenant begin alike.</summary>
    public ReadOnlySpan<byte> Prefix => _prefix;

    /// <summary>Bytes that every key is longer by upstream.</summary>
    public int Growth { get; }

    /// <summary>The key upstream is <see cref="Prefix"/> and then the key as it is. Not so when tagged.</summary>
    public bool IsPlainPrefix
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Placement != KeyPlacement.Tagged;
    }

    /// <summary>
    /// What starts the names of the tenant's function libraries and functions, which may hold letters, digits and underscores only: the namespace's name in
    /// hex, ended by what is no hex digit. Functions belong to no database: one prefix for all of a tenant's.
    /// </summary>
    public ReadOnlySpan<byte> FunctionPrefix => _functionPrefix;

    internal ReadOnlySpan<byte> NameBytes => _name;

    /// <summary>Tagged: <c>{n}</c> after the tag; empty in database 0.</summary>
    internal ReadOnlySpan<byte> DatabaseMark => _database;

    /// <summary>The hash slot of the key upstream, computed without writing it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SlotOf(ReadOnlySpan<byte> key) => Placement == KeyPlacement.Spread ? HashSlot.Of(_slots, key) : SlotInBraces(key);

    /// <summary>Writes the key as it is called upstream: its length and <see cref="Growth"/> bytes. Returns how many that is.</summary>
    public int Encode(ReadOnlySpan<byte> key, Span<byte> destination)
    {
        _prefix.CopyTo(destination);
        if (IsPlainPrefix) key.CopyTo(destination[_prefix.Length..]);
        else TaggedKey.Split(key).Encode(_database, destination[_prefix.Length..]);
        return key.Length + Growth;
    }

    /// <inheritdoc cref="Encode(ReadOnlySpan{byte}, Span{byte})"/>
    public byte[] Encode(ReadOnlySpan<byte> key)
    {
        var encoded = new byte[key.Length + Growth];
        Encode(key, encoded);
        return encoded;
    }

    /// <summary>True for the name upstream of a key of this database.</summary>
    public bool Owns(ReadOnlySpan<byte> upstreamKey) =>
        upstreamKey.StartsWith(_prefix) && (IsPlainPrefix || TaggedKey.TryParse(upstreamKey[_prefix.Length..], _database, out _));

    /// <summary>True for every name upstream that is the tenant's in this placement, whatever the database.</summary>
    public bool IsOfTenant(ReadOnlySpan<byte> upstreamKey)
    {
        int brace = Placement == KeyPlacement.Spread ? 0 : 1;
        // Up to and with the closing brace, if there is one; Prefix begins with the same bytes in every database.
        int length = brace + _name.Length + (Placement == KeyPlacement.Pinned ? 1 : 0);
        if (!upstreamKey.StartsWith(_prefix.AsSpan(0, length)) || upstreamKey.Length == length) return false;
        return upstreamKey[length] == ':' || (upstreamKey[length] == '/' && Placement != KeyPlacement.Tagged);
    }

    /// <summary>
    /// Writes the key as the client knows it, <see cref="Growth"/> bytes shorter, and returns its length; -1, with nothing written, when it is not
    /// the name upstream of a key of this database.
    /// </summary>
    public int Decode(ReadOnlySpan<byte> upstreamKey, Span<byte> destination)
    {
        if (!upstreamKey.StartsWith(_prefix)) return -1;
        ReadOnlySpan<byte> rest = upstreamKey[_prefix.Length..];
        if (IsPlainPrefix) rest.CopyTo(destination);
        else if (TaggedKey.TryParse(rest, _database, out TaggedKey key)) key.Decode(destination);
        else return -1;
        return upstreamKey.Length - Growth;
    }

    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, Span{byte})"/>
    /// <returns>The key; null when it is of another database or tenant.</returns>
    public byte[]? Decode(ReadOnlySpan<byte> upstreamKey)
    {
        if (!Owns(upstreamKey)) return null;
        var key = new byte[upstreamKey.Length - Growth];
        Decode(upstreamKey, key);
        return key;
    }

    public override string ToString() => Database == 0 ? Name : string.Create(CultureInfo.InvariantCulture, $"{Name}/{Database}");

    private int SlotInBraces(ReadOnlySpan<byte> key) =>
        Placement == KeyPlacement.Pinned ? _pinnedSlot : HashSlot.OfWhole(_slots, TaggedKey.Split(key).Tag);
}
