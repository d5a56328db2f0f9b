using System.Security.Cryptography;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Tenancy.Fleet;

/// <summary>
/// The rates of all tenants that the fleet shares, for the one thread that leases tokens for them. Which there are follows the configuration in force.
/// </summary>
public sealed class FleetRates : IDisposable
{
    private volatile IReadOnlyList<Member>? _next;
    private volatile IReadOnlyList<FleetLease> _leases = [];

    /// <summary>Set when tokens run short, and when there are other rates.</summary>
    public FleetSignal Signal { get; } = new();

    /// <summary>As the leasing thread saw them last. Any thread.</summary>
    public IReadOnlyList<FleetLease> Leases => _leases;

    /// <summary>These tenants are configured now. One thread at a time.</summary>
    public void Follow(TenantDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var members = new List<Member>();
        foreach (Tenant tenant in directory.All)
        {
            if (tenant.Policy.Admission?.Rules is { } rules) AddTo(members, tenant.Name, rules.Rates);
        }

        _next = members;
        Signal.Set();
    }

    /// <summary>The rates as configured now; those that stay go on. Of the leasing thread.</summary>
    public IReadOnlyList<FleetLease> Refresh()
    {
        if (Interlocked.Exchange(ref _next, null) is not { } members) return _leases;
        var before = _leases.ToDictionary(lease => lease.Key, StringComparer.Ordinal);
        return _leases = [.. members.Select(member => LeaseOf(member, before))];
    }

    public void Dispose() => Signal.Dispose();

    private void AddTo(List<Member> members, string tenant, IReadOnlyList<RateRule> rates)
    {
        for (int i = 0; i < rates.Count; i++)
        {
            if (rates[i].Fleet is not { } bucket) continue;
            bucket.Attach(Signal);
            int same = rates.Take(i).Count(other => other.Fleet is not null && other.HasPurposeOf(rates[i]));
            members.Add(new Member(tenant, rates[i], KeyOf(tenant, rates[i].Snapshot, same)));
        }
    }

    private static FleetLease LeaseOf(Member member, Dictionary<string, FleetLease> before)
    {
        if (!before.TryGetValue(member.Key, out FleetLease? lease)) return new FleetLease(member.Tenant, member.Rate, member.Key);
        lease.Follow(member.Rate);
        return lease;
    }

    /// <summary>
    /// <c>tenant:name:digest</c>: of what the rate is for and not of its numbers, so that a new number goes on with the tokens there are.
    /// </summary>
    private static string KeyOf(string tenant, RateSnapshot rate, int same)
    {
        RuleScopeSnapshot scope = rate.Scope;
        string purpose = string.Join('\n', ["commands", .. scope.Commands, "keys", .. scope.Keys, "patterns", .. scope.Patterns, $"{rate.Unit}", $"{same}"]);
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(purpose)).AsSpan(0, 8));
        return $"{tenant}:{rate.Name}:{digest}";
    }

    private sealed record Member(string Tenant, RateRule Rate, string Key);
}
