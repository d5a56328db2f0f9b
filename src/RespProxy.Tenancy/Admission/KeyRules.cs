using System.Runtime.InteropServices;
using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Tenancy.Admission;

/// <summary>A rule for certain keys: exactly one of the two.</summary>
internal sealed record KeyRule(DenialRule? Denial, RateRule? Rate);

/// <summary>
/// The rules for certain keys that some commands share: exact keys by hash, patterns by <see cref="PatternIndex"/>. Immutable; any thread.
/// </summary>
internal sealed class KeyRules
{
    private readonly Dictionary<byte[], KeyRule[]>.AlternateLookup<ReadOnlySpan<byte>> _byKey;
    private readonly PatternIndex _patterns;

    public KeyRules(IEnumerable<(RuleScopeSnapshot Scope, KeyRule Rule)> rules)
    {
        var byKey = new Dictionary<byte[], List<KeyRule>>(KeyComparer.Instance);
        var patterns = new List<(byte[], KeyRule)>();
        foreach ((RuleScopeSnapshot scope, KeyRule rule) in rules)
        {
            foreach (string key in scope.Keys)
            {
                ref List<KeyRule>? ofKey = ref CollectionsMarshal.GetValueRefOrAddDefault(byKey, Encoding.UTF8.GetBytes(key), out _);
                ofKey ??= [];
                AddUnlessCovered(ofKey, rule);
            }

            patterns.AddRange(scope.Patterns.Select(pattern => (Encoding.UTF8.GetBytes(pattern), rule)));
        }

        _byKey = byKey.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), KeyComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();
        _patterns = new PatternIndex(patterns);
    }

    /// <summary>The rules that name the key itself.</summary>
    public ReadOnlySpan<KeyRule> Named(ReadOnlySpan<byte> key) => _byKey.TryGetValue(key, out KeyRule[]? rules) ? rules : [];

    /// <summary>The rules with a pattern that matches the key.</summary>
    public PatternIndex.Matches Matching(ReadOnlySpan<byte> key) => _patterns.Find(key);

    private static void AddUnlessCovered(List<KeyRule> rules, KeyRule rule)
    {
        bool isCovered = rule.Denial is { } denial
            ? rules.Exists(earlier => earlier.Denial?.Covers(denial) ?? false)
            : rules.Exists(earlier => earlier.Rate == rule.Rate);
        if (!isCovered) rules.Add(rule);
    }

    /// <summary>Keys by their bytes, looked up by a span of the request.</summary>
    private sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)KeyHash.Of(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
