using System.Globalization;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Scale;

/// <summary>What grows, and how far.</summary>
internal sealed class ScaleCatalog(string binary, string redisServer, RedisUpstream upstream, WorkDirectory directory, CancellationToken cancellation)
{
    /// <summary>Of a tenant that is alone.</summary>
    public static readonly KeySpace Keys = new("k64", 10_000, 64);

    private const int ActiveConnections = 50;
    private const int TenantConnections = 1_000;
    private const int KeysOfAllTenants = 100_000;
    private const int GetsPerTenant = 10;
    private const int Pipeline = 16;

    private static readonly int[] Decades = [1, 10, 100, 1_000, 10_000];
    private static readonly int[] NodeNumbers = [3, 5, 10, 25, 50];

    // What is bound to grow; docs/performance.md, "How cost grows", has the reasons and the counts of system calls behind them.

    /// <summary>One connection's command is alone in its turn, both ways; ten share a few; of ten thousand sockets none is in a cache.</summary>
    private static readonly Dictionary<int, double> AllActive = new() { [1] = 8, [10] = 2, [1_000] = 1.75, [10_000] = 3.25 };

    /// <summary>Each tenant has counters of its own, and of so many none are in a cache.</summary>
    private static readonly Dictionary<int, double> ManyTenants = new() { [1_000] = 1.5, [10_000] = 1.5 };

    /// <summary>Four system calls a command at the most, its own send and receive at the node with it, where a node of three shares one of each in a turn.</summary>
    private static readonly Dictionary<int, double> Unbatched = new() { [10] = 1.75, [25] = 2, [50] = 2.25 };

    /// <summary>The same over sixteen times as many commands in a turn: 0.2 system calls a command with three nodes, 0.5 with fifty.</summary>
    private static readonly Dictionary<int, double> PipelinedUnbatched = new() { [5] = 1.5, [10] = 1.75, [25] = 2.5, [50] = 3.5 };

    /// <summary>Memory enough for the load's keys many times over. Gossip goes by the timeout: with that of Redis fifty nodes take a minute to know each other.</summary>
    private static readonly string[] SmallNode = ["--maxmemory", "64mb", "--cluster-node-timeout", "2000"];

    /// <summary>Once the cluster stands, a node's own work is done once a second, and its peers' silence is no matter: fifty nodes should take little of the machine.</summary>
    private static readonly string[] RarelyBusy = ["CONFIG", "SET", "cluster-node-timeout", "60000", "hz", "1"];

    public const string Connections = "connections";
    public const string Tenants = "tenants";
    public const string Rules = "rules";
    public const string Nodes = "nodes";

    /// <summary>The named series, or all when none is named.</summary>
    /// <exception cref="ArgumentException">A name is unknown.</exception>
    public IReadOnlyList<ScaleSeries> Select(IReadOnlyCollection<string> names)
    {
        ScaleSeries[] all = [OfConnections(), OfTenants(), OfRules(), OfNodes()];
        if (names.FirstOrDefault(name => all.All(series => series.Name != name)) is { } unknown)
            throw new ArgumentException($"no series '{unknown}'; there are: {string.Join(", ", all.Select(series => series.Name))}");
        return [.. all.Where(series => names.Count == 0 || names.Contains(series.Name))];
    }

    private ScaleSeries OfConnections()
    {
        RandomGets gets = new(Keys);
        ScaleTarget redis = new(upstream.Endpoints[0], new ProcessSampler(upstream.Nodes[0].Pid));
        return new ScaleSeries(Connections, "CPU per command as connections grow", "connections", "connection", StartForConnections,
        [
            new ScaleLine("all active", Decades, Reference: 100, size => new ScaleLoad(size, 1, gets)) { Allowances = AllActive },
            new ScaleLine($"{ActiveConnections} active, the others idle", [ActiveConnections, 100, 1_000, 10_000], Reference: ActiveConnections,
                size => new ScaleLoad(ActiveConnections, 1, gets, Idle: size - ActiveConnections)),
            new ScaleLine("Redis itself, all active", Decades, Reference: 100, size => new ScaleLoad(size, 1, gets)) { Instead = redis },
        ])
        {
            DiffersAtStart = false,
        };
    }

    private ScaleSeries OfTenants()
    {
        return new ScaleSeries(Tenants, "CPU per command as tenants grow", "tenants", "tenant", StartTenants,
        [
            new ScaleLine($"{TenantConnections:N0} connections", Decades, Reference: 1, size => Load(size, getsPerTenant: 0)) { Allowances = ManyTenants },
            new ScaleLine($"{TenantConnections:N0} connections, AUTH as another tenant after {GetsPerTenant} GETs", Decades, Reference: 1, size => Load(size, GetsPerTenant)) { Allowances = ManyTenants },
        ]);

        ScaleLoad Load(int size, int getsPerTenant) =>
            new(TenantConnections, 1, new TenantGets([.. Names(size)], KeysOfEach(size), TenantConnections, getsPerTenant));
    }

    private ScaleSeries OfRules()
    {
        RandomGets gets = new(Keys);
        int[] sizes = [0, .. Decades[1..]];
        return new ScaleSeries(Rules, "CPU per command as its tenant's rules grow", "rules of the tenant", "rule", size => Start(Rules, size, ScaleConfiguration.Rules(size)),
        [
            new ScaleLine($"{ActiveConnections} connections", sizes, Reference: 0, _ => new ScaleLoad(ActiveConnections, 1, gets)),
            new ScaleLine($"{ActiveConnections} connections, P={Pipeline}", sizes, Reference: 0, _ => new ScaleLoad(ActiveConnections, Pipeline, gets)),
        ]);
    }

    private ScaleSeries OfNodes()
    {
        RandomGets gets = new(Keys);
        return new ScaleSeries(Nodes, "CPU per command as the cluster's nodes grow", "primaries of the cluster", "primary", StartCluster,
        [
            new ScaleLine($"{ActiveConnections} connections", NodeNumbers, Reference: 3, _ => new ScaleLoad(ActiveConnections, 1, gets)) { Allowances = Unbatched },
            new ScaleLine($"{ActiveConnections} connections, P={Pipeline}", NodeNumbers, Reference: 3, _ => new ScaleLoad(ActiveConnections, Pipeline, gets)) { Allowances = PipelinedUnbatched },
        ]);
    }

    private static string OneTenant => $"  - name: {ScaleConfiguration.Tenant}";

    private static IEnumerable<string> Names(int count) => Enumerable.Range(0, count).Select(ScaleConfiguration.TenantName);

    private static KeySpace KeysOfEach(int tenants) => Keys with { Count = KeysOfAllTenants / tenants };

    private ScaledProxy Start(string series, int size, string tenants, RedisUpstream? own = null)
    {
        ServerEndpoint listen = ServerEndpoint.FreePort();
        string file = Write(series, size, ScaleConfiguration.Of(own ?? upstream, listen, tenants));
        return Filled(new ScaledProxy(binary, file, listen, tenant: null, own, cancellation), endpoint => Keys.Fill(endpoint, cancellation));
    }

    private ScaledProxy StartForConnections(int count)
    {
        OpenFiles.Require(count);
        Keys.Fill(upstream.Endpoints[0], cancellation);
        return Start(Connections, count, OneTenant);
    }

    private ScaledProxy StartTenants(int count)
    {
        ServerEndpoint listen = ServerEndpoint.FreePort();
        string file = Write(Tenants, count, ScaleConfiguration.Of(upstream, listen, ScaleConfiguration.Tenants(count), isAuthenticated: true));
        ScaledProxy proxy = new(binary, file, listen, ScaleConfiguration.TenantName(0), upstream: null, cancellation);
        return Filled(proxy, endpoint => FillTenants(endpoint, count));
    }

    private ScaledProxy StartCluster(int primaries)
    {
        RedisUpstream cluster = RedisUpstream.StartCluster(redisServer, primaries, directory, SmallNode);
        try
        {
            foreach (ServerEndpoint node in cluster.Endpoints)
            {
                using RespClient client = new(node);
                _ = client.Send(RarelyBusy);
            }
            return Start(Nodes, primaries, OneTenant, cluster);
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    private ScaledProxy Filled(ScaledProxy proxy, Action<ServerEndpoint> fill)
    {
        try
        {
            proxy.Fill(fill, cancellation);
            return proxy;
        }
        catch
        {
            proxy.Dispose();
            throw;
        }
    }

    private void FillTenants(ServerEndpoint endpoint, int count)
    {
        KeySpace keys = KeysOfEach(count);
        using RespClient client = new(endpoint);
        foreach (string tenant in Names(count))
        {
            _ = client.Send("AUTH", tenant, tenant);
            keys.Fill(client, cancellation);
        }
    }

    private string Write(string series, int size, string configuration) =>
        directory.Write(string.Create(CultureInfo.InvariantCulture, $"scale-{series}-{size}.yaml"), configuration);
}
