using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Metrics;

/// <summary>
/// The tenants' usage as metric families. A tenant may use hundreds of commands and there may be a thousand tenants, so the series by command are bounded: a
/// command gets its own while there is room, the busiest first, and keeps it; what finds no room is told as <c>command="other"</c>. Thus every series
/// only goes up, and their sum is always whole. Histograms by tenant are always there; those by command, twenty lines each, have a tighter bound.
///
/// <para>Room that is taken is used again with each scrape. Any thread; scrapes at the same time may see each other's newer numbers.</para>
/// </summary>
public sealed class UsageMetrics
{
    /// <summary>Commands of a tenant that get series of their own; few applications use fifty.</summary>
    private const int MostOfTenant = 100;

    /// <summary>Commands of all tenants that get series of their own, in each family.</summary>
    private const int MostInAll = 5000;

    /// <summary>Commands of all tenants that get histograms of their own.</summary>
    private const int MostHistograms = 200;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, TenantSeries> _tenants = new(StringComparer.Ordinal);
    private readonly LatencySums _added = new();
    private readonly LatencySums _upstream = new();
    private int _shown;
    private int _histograms;

    /// <summary>The families of one scrape. Enumerate them once.</summary>
    public IEnumerable<MetricFamily> Collect(UsageScan scan)
    {
        ArgumentNullException.ThrowIfNull(scan);
        TenantSeries[] tenants;
        lock (_lock) tenants = Read(scan);
        return new UsageFamilies(tenants).All();
    }

    private TenantSeries[] Read(UsageScan scan)
    {
        string[] names = scan.ReadTenants();
        ForgetOthersThan(names);
        GiveRoom(scan, names);
        var tenants = new TenantSeries[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            tenants[i] = _tenants[names[i]];
            scan.Enter(names[i]);
            tenants[i].Read(scan, _added, _upstream);
        }

        return tenants;
    }

    /// <summary>Tenants that are gone leave their room to others.</summary>
    private void ForgetOthersThan(string[] names)
    {
        foreach (string gone in _tenants.Keys.Except(names, StringComparer.Ordinal).ToArray())
        {
            _shown -= _tenants[gone].Commands.Length;
            _histograms -= _tenants[gone].Commands.Count(command => command.HasHistograms);
            _tenants.Remove(gone);
        }

        foreach (string name in names)
        {
            if (!_tenants.ContainsKey(name)) _tenants.Add(name, new TenantSeries(name));
        }
    }

    /// <summary>Commands seen for the first time get series while there is room: the busiest first.</summary>
    private void GiveRoom(UsageScan scan, string[] names)
    {
        if (_shown == MostInAll) return;
        var candidates = new List<(TenantSeries Tenant, int Command, long Calls)>();
        foreach (string name in names)
        {
            TenantSeries tenant = _tenants[name];
            if (tenant.Commands.Length == MostOfTenant) continue;
            scan.Enter(name);
            for (int command = 0; command <= UsageScan.LastCommand; command++)
            {
                CommandFigures figures = default;
                if (!tenant.IsShown(command) && scan.TryAdd(command, ref figures)) candidates.Add((tenant, command, figures.Calls));
            }
        }

        foreach ((TenantSeries tenant, int command, _) in candidates.OrderByDescending(candidate => candidate.Calls))
        {
            if (_shown == MostInAll) return;
            if (tenant.Commands.Length == MostOfTenant) continue;
            bool hasHistograms = _histograms < MostHistograms;
            tenant.Show(command, hasHistograms);
            _shown++;
            if (hasHistograms) _histograms++;
        }
    }
}
