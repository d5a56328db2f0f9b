using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream;

/// <summary>One of a tenant's rates, and what has been used of it.</summary>
/// <param name="Tenant">Its name.</param>
/// <param name="Rate">The rate's name; the second of the same name is told as <c>name#2</c>.</param>
/// <param name="Unit">What it counts.</param>
/// <param name="PerSecond">Units per second that it grants.</param>
/// <param name="Used">Units taken since the start; never falls.</param>
/// <param name="Exceeded">Requests that it has refused, or would have in shadow mode.</param>
/// <param name="Reach">Of a rate that a fleet shares, what is used is this proxy's part, what is granted the whole.</param>
public sealed record RateUse(string Tenant, string Rate, RateUnit Unit, long PerSecond, long Used, long Exceeded, RateReach Reach = RateReach.Proxy)
{
    /// <summary>Of all the tenants' rates, in the order written. Any thread.</summary>
    internal static IEnumerable<RateUse> Of(IEnumerable<Tenant> tenants)
    {
        foreach (Tenant tenant in tenants)
        {
            var named = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (RateRule rate in tenant.Policy.Admission?.Rules?.Rates ?? [])
            {
                int number = named[rate.Name] = named.GetValueOrDefault(rate.Name) + 1;
                string name = number == 1 ? rate.Name : string.Create(CultureInfo.InvariantCulture, $"{rate.Name}#{number}");
                yield return new RateUse(tenant.Name, name, rate.Unit, rate.Snapshot.Rate, rate.Used, rate.Exceeded, rate.Snapshot.Reach);
            }
        }
    }
}
