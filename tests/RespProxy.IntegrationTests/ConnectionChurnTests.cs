using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.IntegrationTests;

/// <summary>Clients come and go for as long as a proxy runs: nothing of them may stay.</summary>
[Collection(Alone.Name)]
public sealed class ConnectionChurnTests(Servers servers)
{
    [Fact]
    public async Task Three_thousand_connects_and_closes_leave_connections_descriptors_and_memory_where_they_were()
    {
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. servers.Cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await ChurnAsync(proxy, 300);
        long nodeConnections = proxy.Server.ReadCounters().Upstreams[0].ConnectionsMade;
        int descriptors = Descriptors();
        long memory = GC.GetTotalMemory(forceFullCollection: true);

        await ChurnAsync(proxy, 3000);

        Assert.Equal(nodeConnections, proxy.Server.ReadCounters().Upstreams[0].ConnectionsMade);
        Assert.InRange(Descriptors(), 0, descriptors + 20);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, 4_000_000);
        Assert.Equal(3300, proxy.Server.ReadCounters().ConnectionsAccepted);
    }

    /// <summary>Some end politely, some vanish with requests in flight, some in the middle of one.</summary>
    private static async Task ChurnAsync(RunningProxy proxy, int count)
    {
        for (int i = 0; i < count; i++)
        {
            RespClient client = await proxy.ConnectAsync();
            switch (i % 3)
            {
                case 0:
                    Assert.Equal("OK", (await client.CommandAsync("SET", $"churn{i % 100}", "v")).Text);
                    await client.DisposeAsync();
                    break;
                case 1:
                    await client.SendAsync(Wire.Request("MGET", "churn1", "churn2", "churn3"));
                    client.Abort();
                    break;
                default:
                    await client.SendAsync(Wire.Bytes("*2\r\n$3\r\nGET\r\n$100\r\nhalf a request"));
                    client.Abort();
                    break;
            }
        }

        await Eventually.HoldsAsync("all are forgotten", () => proxy.Server.ReadCounters().Connections == 0);
    }

    private static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;
}
