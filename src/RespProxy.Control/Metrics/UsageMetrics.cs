using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Metrics;

/// <summary>
/// The tenants' usage as metric families. A tenant may use hundreds of commands and there may be a thousand tenants, so the series by command are bounded: a
/// command gets one with its first scrape while there is room, and keeps it; what comes later is told as <c>command="other"</c>. Thus every series
/// only goes up, and their sum is always whole. Any thread.
/// </summary>
public sealed class UsageMetrics
{
    /// <summary>Commands of a tenant that get series of their own; few applications use fifty.</summary>
    private const int MostOfTenant = 100;

    /// <summary>Commands of all tenants that get series of their own, in each family.</summary>
    private const int MostInAll = 5000;

    private const string Other = "other";

    /// <summary>Powers of two from 8 us to 17 s: a dashboard does not need the finer ones, and there are as many series for each tenant.</summary>
    private static readonly int[] BoundaryBuckets =
        [.. Enumerable.Range(0, LatencyBuckets.Count - 1).Where(bucket => LatencyBuckets.BoundOf(bucket) is >= 8 and <= 1 << 24 and var bound && long.IsPow2(bound))];

    private static readonly double[] Bounds = [.. BoundaryBuckets.Select(bucket => LatencyBuckets.BoundOf(bucket) / 1e6)];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, HashSet<string>> _shown = new(StringComparer.Ordinal);
    private int _shownInAll;

    /// <summary>The families of one scrape; none that is empty.</summary>
    public IEnumerable<MetricFamily> Collect(IReadOnlyList<UsageReport> reports)
    {
        ArgumentNullException.ThrowIfNull(reports);
        (string Tenant, CommandReading Reading)[] rows;
        lock (_lock)
        {
            ForgetOthersThan(reports);
            rows = [.. reports.SelectMany(report => RowsOf(report).Select(row => (report.Tenant, row)))];
        }

        return ((MetricFamily[])[.. OfCommands(rows), .. OfTenants(reports)]).Where(family => family.Samples.Count > 0);
    }

    /// <summary>The tenant's commands that are shown each, and one for the rest if there is one.</summary>
    private List<CommandReading> RowsOf(UsageReport report)
    {
        if (!_shown.TryGetValue(report.Tenant, out HashSet<string>? shown)) _shown[report.Tenant] = shown = new HashSet<string>(StringComparer.Ordinal);
        var rows = new List<CommandReading>();
        var rest = new List<CommandReading>();
        foreach (CommandReading reading in report.Commands) (IsShown(shown, reading.Name) ? rows : rest).Add(reading);
        if (rest.Count > 0) rows.Add(CommandReading.Sum(Other, rest));
        return rows;
    }

    /// <summary>Tenants that are gone leave their room to others.</summary>
    private void ForgetOthersThan(IReadOnlyList<UsageReport> reports)
    {
        foreach (string tenant in _shown.Keys.Except(reports.Select(report => report.Tenant), StringComparer.Ordinal).ToArray())
        {
            _shownInAll -= _shown[tenant].Count;
            _shown.Remove(tenant);
        }
    }

    private bool IsShown(HashSet<string> shown, string command)
    {
        if (shown.Contains(command)) return true;
        if (shown.Count == MostOfTenant || _shownInAll == MostInAll) return false;
        shown.Add(command);
        _shownInAll++;
        return true;
    }

    private static IEnumerable<MetricFamily> OfCommands((string Tenant, CommandReading Reading)[] rows)
    {
        (string, CommandReading)[] limited = [.. rows.Where(row => row.Reading.Allowed + row.Reading.Denied + row.Reading.Throttled + row.Reading.OverQuota > 0)];
        return
        [
            Of(rows, "commands_total", "Requests taken from clients.", reading => reading.Calls),
            Of(rows, "command_errors_total", "Replies that were errors, the proxy's own included.", reading => reading.Errors),
            Of(rows, "request_bytes_total", "Bytes of the requests as clients sent them.", reading => reading.RequestBytes),
            Of(rows, "reply_bytes_total", "Bytes of the replies as clients got them.", reading => reading.ReplyBytes),
            Of(limited, "admission_allowed_total", "Requests that limits and denylists let pass, of tenants that have any.", reading => reading.Allowed),
            Of(limited, "admission_denied_total", "Requests refused by a denylist.", reading => reading.Denied),
            Of(limited, "admission_throttled_total", "Requests refused by a rate or the bound on requests in flight.", reading => reading.Throttled),
            Of(limited, "admission_over_quota_total", "Requests refused as their tenant was over its quota.", reading => reading.OverQuota),
            Of(limited, "admission_delayed_total", "Requests that waited for their turn; among the allowed, too.", reading => reading.Delayed),
            Of(limited, "admission_shadowed_total", "Requests that a rule in shadow mode would have refused or delayed.", reading => reading.Shadowed),
        ];
    }

    private static MetricFamily Of((string Tenant, CommandReading Reading)[] rows, string name, string help, Func<CommandReading, long> value)
    {
        MetricFamily family = MetricFamily.Counter("respproxy_" + name, help);
        foreach ((string tenant, CommandReading reading) in rows)
            family.Add(value(reading), new MetricLabel("tenant", tenant), new MetricLabel("command", reading.Name));
        return family;
    }

    private static IEnumerable<MetricFamily> OfTenants(IReadOnlyList<UsageReport> reports)
    {
        MetricFamily pushes = MetricFamily.Counter("respproxy_pushes_total", "What was sent to clients without being a reply: publications, invalidations.");
        MetricFamily pushedBytes = MetricFamily.Counter("respproxy_pushed_bytes_total", "Bytes of the pushes.");
        MetricFamily added = MetricFamily.Histogram("respproxy_added_latency_seconds", "Time that the proxy added to each call, waits for a turn at the tenant's rates included.");
        MetricFamily upstream = MetricFamily.Histogram("respproxy_upstream_latency_seconds", "Time that each call waited for nodes; without the commands that may block.");
        foreach (UsageReport report in reports)
        {
            var tenant = new MetricLabel("tenant", report.Tenant);
            pushes.Add(report.Pushes, tenant);
            pushedBytes.Add(report.PushedBytes, tenant);
            Add(added, report.Total.Added, tenant);
            Add(upstream, report.Total.Upstream, tenant);
        }

        return [pushes, pushedBytes, added, upstream];
    }

    private static void Add(MetricFamily family, LatencyReading latency, MetricLabel tenant)
    {
        var counts = new long[Bounds.Length + 1];
        int at = 0;
        for (int bucket = 0; bucket < LatencyBuckets.Count; bucket++)
        {
            counts[at] += latency.Counts[bucket];
            if (at < BoundaryBuckets.Length && bucket == BoundaryBuckets[at]) at++;
        }

        family.AddHistogram(Bounds, counts, latency.TotalSeconds, tenant);
    }
}
