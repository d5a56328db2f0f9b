using System.Globalization;
using RespProxy.Configuration;

namespace RespProxy.Control.Alerts;

/// <summary>What is said of a rule's alerts. The subject's names, the value and the threshold are put in; nothing else is, so that no key and no secret can be.</summary>
/// <param name="Labels">The subject's labels, two at most, as the metrics call them.</param>
/// <param name="Summary">One line: {0} and {1} are the subject, {2} is the value, {3} the threshold.</param>
/// <param name="Meaning">Why it matters.</param>
/// <param name="Action">What to do first.</param>
internal sealed record AlertText(string[] Labels, string Summary, string Meaning, string Action)
{
    /// <summary>What alerts of all rules are called, before the rule's own name; as in the Prometheus rules.</summary>
    private const string NamePrefix = "RespProxy";

    private static readonly string[] Tenant = ["tenant"], Upstream = ["upstream"];

    /// <summary>The label <c>alertname</c>.</summary>
    public static string NameOf(AlertKind kind) => NamePrefix + kind;

    public string SummaryOf(string first, string second, double value, decimal threshold) =>
        string.Format(CultureInfo.InvariantCulture, Summary, first, second, Math.Round(value, 2), threshold);

    public static AlertText Of(AlertKind kind) => kind switch
    {
        AlertKind.TenantMemory => new(
            Tenant,
            "Tenant {0} uses {2} % of its memory quota (level {3} %)",
            "The tenant grows towards what is set aside for it; over it, its writes may be refused.",
            "Ask the tenant for expiries or deletes, or raise its quota where the nodes have room."),
        AlertKind.NodeMemory => new(
            ["upstream", "node"],
            "Node {1} of {0} uses {2} % of its maxmemory (level {3} %)",
            "At its limit the node evicts keys or refuses writes, of all tenants.",
            "Find the tenants that grow, move slots to other nodes, or give the node more memory."),
        AlertKind.TenantRate => new(
            ["tenant", "rate"],
            "Tenant {0} uses {2} % of its rate '{1}' (level {3} %)",
            "Beyond its rate the tenant's commands are refused or delayed.",
            "See with the tenant whether the traffic is meant; raise the rate where the nodes can bear it."),
        AlertKind.TenantThrottled => new(
            Tenant,
            "{2} % of tenant {0}'s commands are refused or delayed by its limits (level {3} %)",
            "The tenant wants more than its limits grant, and its users see that.",
            "See which rate it is (RESPPROXY LIMITS); lower the traffic or raise the limit."),
        AlertKind.ErrorReplies => new(
            Tenant,
            "{2} % of the replies to tenant {0} are errors (level {3} %)",
            "The tenant's commands fail: wrong commands, refusals, or nodes in trouble.",
            "See which commands fail (respproxy_command_errors_total) and whether other tenants fail, too."),
        AlertKind.RequestsFailed => new(
            Upstream,
            "{2} requests a minute to upstream {0} end without a reply (level {3})",
            "Nodes do not answer, or lose connections while they are owed replies.",
            "Look for nodes that are down or overloaded, and for a failover that does not end."),
        AlertKind.AuthenticationFailures => new(
            [],
            "{2} failed authentications a minute (level {3})",
            "A client has an old password, or somebody tries passwords.",
            "Look at which clients connect; rotate passwords with two of them in force."),
        AlertKind.IsolationFault => new(
            [],
            "A reply named a key of another tenant's namespace and was withheld",
            "This must never happen: a defect of the proxy, or somebody who writes into the namespaces past it.",
            "Keep log and metrics, and report it at once; no foreign data has left the proxy."),
        AlertKind.AddedLatency => new(
            Tenant,
            "The proxy adds {2} ms to tenant {0}'s commands at the 99th percentile (level {3} ms)",
            "The proxy is short of CPU, or the tenant waits for its turn at a delaying rate.",
            "Look at the proxy's CPU and at the tenant's delayed commands; add loops or proxies."),
        AlertKind.UpstreamLatency => new(
            Tenant,
            "Nodes take {2} ms for tenant {0}'s commands at the 99th percentile (level {3} ms)",
            "Nodes or the network are slow, or the tenant runs slow commands.",
            "See the tenant's SLOWLOG and big keys, then the nodes' CPU, forks and swap."),
        AlertKind.TopologyAge => new(
            Upstream,
            "The topology of upstream {0} was last seen {2} s ago (level {3} s)",
            "No node gives a credible view of the cluster: slots that move now are found by redirects only.",
            "Look whether the nodes can be reached, and whether the cluster has a majority."),
        AlertKind.NodeConnections => new(
            Upstream,
            "{2} connections a minute to nodes of upstream {0} break or cannot be made (level {3})",
            "Nodes restart, are out of connections, or the network loses them.",
            "See which nodes (the log names them); look at their maxclients, memory and logs."),
        AlertKind.SlotsUncovered => new(
            Upstream,
            "{2} slots of upstream {0} have no node (level {3})",
            "Commands on keys in those slots fail.",
            "Look for a primary that is down without a replica to take over; CLUSTER INFO and CLUSTER NODES tell."),
        AlertKind.NotReady => new(
            [],
            "The proxy is not ready: it does not know every upstream's topology",
            "It takes no traffic where readiness decides, or answers with errors.",
            "Look at the log for why the seeds do not answer: addresses, password, network."),
        AlertKind.ConfigurationRefused => new(
            [],
            "The last configuration was refused; an older one is in force",
            "Changes that somebody believes to be in force are not.",
            "Run respproxy check-config on the file; the log names each error."),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
