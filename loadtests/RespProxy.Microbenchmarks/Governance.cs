using System.Globalization;
using RespProxy.Configuration;

namespace RespProxy.Microbenchmarks;

/// <summary>Parts of what can be switched on for a tenant.</summary>
internal readonly record struct Governance(bool Watch, bool Rate, bool Quota, int Denials, int KeyRates)
{
    public static Governance Off => default;

    public static readonly Governance All = new(Watch: true, Rate: true, Quota: true, Denials: 500, KeyRates: 500);

    public ProxySnapshot Put(ProxySnapshot configuration) => configuration with
    {
        HotKeys = configuration.HotKeys with { Enabled = Watch },
        BigKeys = configuration.BigKeys with { Enabled = Watch },
        Tenants = [Put(configuration.Tenants[0])],
    };

    private TenantSnapshot Put(TenantSnapshot tenant) => tenant with
    {
        Quota = Quota ? new QuotaSnapshot { Peak = 1L << 30, Enforce = true } : null,
        Limits = new TenantLimitsSnapshot { Rates = [.. Rate ? [new RateSnapshot { Rate = 100_000_000, Burst = 100_000_000 }] : (RateSnapshot[])[], .. RatesOfKeys(KeyRates)] },
        Denials = [.. Enumerable.Range(0, Denials).Select(Denial)],
    };

    /// <summary>For keys that begin like those asked for.</summary>
    private static IEnumerable<RateSnapshot> RatesOfKeys(int count) => Enumerable.Range(0, count).Select(i => new RateSnapshot
    {
        Name = "r" + i.ToString(CultureInfo.InvariantCulture),
        Scope = new RuleScopeSnapshot { Patterns = [$"key:x{i}:*"] },
        Rate = 1_000,
        Burst = 1_000,
    });

    private static DenialSnapshot Denial(int i) =>
        new() { Scope = new RuleScopeSnapshot { Commands = ["GET", "SET", "HGETALL"], Keys = [$"key:big{i}"], Patterns = [$"key:closed{i}:*"] } };
}
