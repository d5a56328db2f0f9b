using System.Globalization;
using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Targets;

/// <summary>
/// The Redis behind every target: one throwaway redis-server, or a cluster of primaries, without persistence,
/// on loopback.
/// </summary>
internal sealed class RedisUpstream : IDisposable
{
    private const int Slots = 16384;

    /// <summary>A port that was free can be taken before its server binds it: of a hundred that happens.</summary>
    private const int Attempts = 5;

    private readonly List<ChildProcess> _nodes = [];
    private readonly List<ServerEndpoint> _endpoints = [];

    private RedisUpstream(bool isCluster)
    {
        IsCluster = isCluster;
    }

    public bool IsCluster { get; }

    public IReadOnlyList<ChildProcess> Nodes => _nodes;

    public IReadOnlyList<ServerEndpoint> Endpoints => _endpoints;

    public static RedisUpstream StartStandalone(string binary, WorkDirectory directory) =>
        Start(isCluster: false, upstream => upstream.StartNode(binary, directory, []));

    /// <summary>Starts <paramref name="primaries"/> nodes, with <paramref name="more"/> on the command line of each, shares the slots evenly and waits until all agree.</summary>
    public static RedisUpstream StartCluster(string binary, int primaries, WorkDirectory directory, params string[] more) =>
        Start(isCluster: true, upstream =>
        {
            int[] busPorts = [.. Enumerable.Range(0, primaries).Select(_ => upstream.StartClusterNode(binary, directory, more))];
            upstream.FormCluster(busPorts);
        });

    public void Dispose()
    {
        foreach (ChildProcess node in _nodes)
            node.Dispose();
    }

    private static RedisUpstream Start(bool isCluster, Action<RedisUpstream> start)
    {
        RedisUpstream upstream = new(isCluster);
        try
        {
            start(upstream);
            return upstream;
        }
        catch
        {
            upstream.Dispose();
            throw;
        }
    }

    /// <returns>The port of its cluster bus.</returns>
    private int StartClusterNode(string binary, WorkDirectory directory, string[] more)
    {
        for (int attempt = 1; ; attempt++)
        {
            int busPort = ServerEndpoint.FreePort().Port;
            try
            {
                StartNode(binary, directory,
                    ["--cluster-enabled", "yes", "--cluster-port", Text(busPort), "--cluster-config-file", $"nodes-{busPort}.conf", .. more]);
                return busPort;
            }
            catch (LoadFailedException) when (attempt < Attempts && _nodes[^1].HasExited)
            {
                _nodes[^1].Dispose();
                _nodes.RemoveAt(_nodes.Count - 1);
                _endpoints.RemoveAt(_endpoints.Count - 1);
            }
        }
    }

    private void StartNode(string binary, WorkDirectory directory, IEnumerable<string> more)
    {
        ServerEndpoint endpoint = ServerEndpoint.FreePort();
        string[] arguments =
        [
            "--port", Text(endpoint.Port), "--bind", "127.0.0.1", "--dir", directory.PathOf("."),
            "--save", "", "--appendonly", "no", "--maxclients", "12000", .. more,
        ];
        ChildProcess node = new("redis-server", binary, arguments);
        _nodes.Add(node);
        _endpoints.Add(endpoint);
        Readiness.WaitForPong(node, endpoint);
    }

    private void FormCluster(int[] busPorts)
    {
        for (int i = 0; i < busPorts.Length; i++)
        {
            int first = Slots * i / busPorts.Length, last = Slots * (i + 1) / busPorts.Length - 1;
            using RespClient client = new(_endpoints[i]);
            _ = client.Send("CLUSTER", "ADDSLOTSRANGE", Text(first), Text(last));
            _ = client.Send("CLUSTER", "MEET", "127.0.0.1", Text(_endpoints[0].Port), Text(busPorts[0]));
        }
        for (int i = 0; i < busPorts.Length; i++)
        {
            using RespClient client = new(_endpoints[i]);
            string known = $"cluster_known_nodes:{busPorts.Length}\r";
            Readiness.Poll(_nodes[i], "the cluster did not form", () =>
                client.Send("CLUSTER", "INFO") is var state
                && state.Contains("cluster_state:ok", StringComparison.Ordinal)
                && state.Contains(known, StringComparison.Ordinal));
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
