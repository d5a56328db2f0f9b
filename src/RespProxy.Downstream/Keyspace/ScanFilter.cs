using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Namespaces;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// What a SCAN of nodes is after: the pattern the nodes match by, and which of the keys they then return are meant. In the placement tagged their pattern
/// lets more through than the client's; what is of the tenant and not meant is left out in silence, what is not of the tenant is an isolation fault.
/// One task's; not thread-safe.
/// </summary>
internal sealed class ScanFilter
{
    private readonly KeyNamespace _ns;

    /// <summary>To be matched here; null when the nodes' pattern does it.</summary>
    private readonly byte[]? _pattern;
    private readonly bool _takesAllDatabases;
    private byte[] _key = [];

    private ScanFilter(KeyNamespace ns, byte[]? pattern, byte[] nodePattern, bool takesAllDatabases)
    {
        _ns = ns;
        _pattern = pattern;
        _takesAllDatabases = takesAllDatabases;
        NodePattern = nodePattern;
    }

    /// <summary>For MATCH.</summary>
    public byte[] NodePattern { get; }

    /// <summary>The keys of one database that match the client's pattern.</summary>
    public static ScanFilter OfDatabase(KeyNamespace ns, ReadOnlySpan<byte> pattern)
    {
        bool isMatchedByNodes = NamespacePattern.IsExact(ns) || pattern.SequenceEqual("*"u8);
        return new ScanFilter(ns, isMatchedByNodes ? null : pattern.ToArray(), NamespacePattern.Of(ns, pattern), takesAllDatabases: false);
    }

    /// <summary>All keys of the tenant.</summary>
    public static ScanFilter OfAllDatabases(KeyNamespace ns) =>
        new(ns, null, NamespacePattern.OfAllDatabases(ns.Name, ns.Placement), takesAllDatabases: true);

    /// <summary>The key is meant.</summary>
    public bool Takes(ReadOnlySpan<byte> upstreamKey)
    {
        if (_takesAllDatabases) return _ns.IsOfTenant(upstreamKey);
        return _ns.Owns(upstreamKey) && (_pattern is null || GlobPattern.Matches(_pattern, KeyOf(upstreamKey)));
    }

    /// <summary>No pattern can have let it through.</summary>
    public bool IsForeign(ReadOnlySpan<byte> upstreamKey) => !_ns.IsOfTenant(upstreamKey);

    /// <summary>As the client knows it; valid until the next call. For keys of the database only.</summary>
    public ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> upstreamKey)
    {
        if (_key.Length < upstreamKey.Length) _key = new byte[upstreamKey.Length * 2];
        return _key.AsSpan(0, _ns.Decode(upstreamKey, _key));
    }
}
