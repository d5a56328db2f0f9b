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
    private readonly KeyTable<KeyRule[]> _byKey;
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

        _byKey = new KeyTable<KeyRule[]>([.. byKey.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToArray()))]);
        _patterns = new PatternIndex(patterns);
    }

    /// <summary>False: no rule is for the key. True: perhaps one is.</summary>
    public bool MayConcern(ReadOnlySpan<byte> key) => _patterns.MayMatch(key) || _byKey.TryGet(key, out _);

    /// <summary>The rules that name the key itself.</summary>
    public ReadOnlySpan<KeyRule> Named(ReadOnlySpan<byte> key) => _byKey.TryGet(key, out KeyRule[]? rules) ? rules : [];

    /// <summary>The rules with a pattern that matches the key.</summary>
    public PatternIndex.Matches Matching(ReadOnlySpan<byte> key) => _patterns.Find(key);

    private static void AddUnlessCovered(List<KeyRule> rules, KeyRule rule)
    {
        bool isCovered = rule.Denial is { } denial
            ? rules.Exists(earlier => earlier.Denial?.Covers(denial) ?? false)
            : rules.Exists(earlier => earlier.Rate == rule.Rate);
        if (!isCovered) rules.Add(rule);
    }

    /// <summary>Keys by their bytes.</summary>
    private sealed class KeyComparer : IEqualityComparer<byte[]>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => (int)KeyHash.Of(obj);
    }
}
