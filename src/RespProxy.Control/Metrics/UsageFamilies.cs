using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Metrics;

/// <summary>The families of the tenants' usage, whose samples are made while they are written.</summary>
internal sealed class UsageFamilies(TenantSeries[] tenants)
{
    private delegate long Figure(in CommandFigures figures);

    private delegate bool Choice(in CommandFigures figures);

    public IReadOnlyList<MetricFamily> All() =>
    [
        Counter("commands_total", "Requests taken from clients.", static (in CommandFigures figures) => figures.Calls),
        Counter("command_errors_total", "Replies that were errors, the proxy's own included.", static (in CommandFigures figures) => figures.Errors),
        Counter("request_bytes_total", "Bytes of the requests as clients sent them.", static (in CommandFigures figures) => figures.RequestBytes),
        Counter("reply_bytes_total", "Bytes of the replies as clients got them.", static (in CommandFigures figures) => figures.ReplyBytes),
        Limited("allowed", "Requests that limits and denylists let pass, of tenants that have any.", static (in CommandFigures figures) => figures.Allowed),
        Limited("denied", "Requests refused by a denylist.", static (in CommandFigures figures) => figures.Denied),
        Limited("throttled", "Requests refused by a rate or the bound on requests in flight.", static (in CommandFigures figures) => figures.Throttled),
        Limited("over_quota", "Requests refused as their tenant was over its quota.", static (in CommandFigures figures) => figures.OverQuota),
        Limited("delayed", "Requests that waited for their turn; among the allowed, too.", static (in CommandFigures figures) => figures.Delayed),
        Limited("shadowed", "Requests that a rule in shadow mode would have refused or delayed.", static (in CommandFigures figures) => figures.Shadowed),
        OfTenants("pushes_total", "What was sent to clients without being a reply: publications, invalidations.", MetricKind.Counter, static tenant => new MetricSample(tenant.Labels, tenant.Pushes)),
        OfTenants("pushed_bytes_total", "Bytes of the pushes.", MetricKind.Counter, static tenant => new MetricSample(tenant.Labels, tenant.PushedBytes)),
        OfTenants(
            "added_latency_seconds",
            "Time that the proxy added to each call, waits for a turn at the tenant's rates included.",
            MetricKind.Histogram,
            static tenant => new MetricSample(tenant.Labels, 0, tenant.Added)),
        OfTenants(
            "upstream_latency_seconds",
            "Time that each call waited for nodes; without the commands that may block.",
            MetricKind.Histogram,
            static tenant => new MetricSample(tenant.Labels, 0, tenant.Upstream)),
        Latency("command_added_latency_seconds", "Time that the proxy added to each call, by command, of the busiest commands.", static series => series.Added!),
        Latency("command_upstream_latency_seconds", "Time that each call waited for nodes, by command, of the busiest commands.", static series => series.Upstream!),
    ];

    private MetricFamily Counter(string name, string help, Figure figure) => OfCommands(name, help, figure, static (in CommandFigures _) => true);

    private MetricFamily Limited(string outcome, string help, Figure figure) =>
        OfCommands($"admission_{outcome}_total", help, figure, static (in CommandFigures figures) => figures.IsAdmitted);

    private MetricFamily OfCommands(string name, string help, Figure figure, Choice isTold)
    {
        return new MetricFamily("respproxy_" + name, help, MetricKind.Counter, Samples());

        IEnumerable<MetricSample> Samples()
        {
            foreach (TenantSeries tenant in tenants)
            {
                foreach (CommandSeries command in tenant.Commands)
                {
                    if (isTold(command.Figures)) yield return new MetricSample(command.Labels, figure(command.Figures));
                }

                if (tenant.Other is { } other && isTold(other.Figures)) yield return new MetricSample(other.Labels, figure(other.Figures));
            }
        }
    }

    private MetricFamily OfTenants(string name, string help, MetricKind kind, Func<TenantSeries, MetricSample> sample) =>
        new("respproxy_" + name, help, kind, tenants.Select(sample));

    private MetricFamily Latency(string name, string help, Func<CommandSeries, HistogramValue> histogram)
    {
        return new MetricFamily("respproxy_" + name, help, MetricKind.Histogram, Samples());

        IEnumerable<MetricSample> Samples()
        {
            foreach (TenantSeries tenant in tenants)
            {
                foreach (CommandSeries command in tenant.Commands)
                {
                    if (command.HasHistograms) yield return new MetricSample(command.Labels, 0, histogram(command));
                }

                if (tenant.OtherLatencies is { } other) yield return new MetricSample(other.Labels, 0, histogram(other));
            }
        }
    }
}
