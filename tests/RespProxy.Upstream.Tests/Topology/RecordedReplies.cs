using System.Text;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

/// <summary>
/// Replies recorded from redis-server 7.0.15: a cluster of primaries at 127.0.0.1:7791, 7792, 7793 and a replica of the
/// first at 7794, asked at 7792. A bar stands for CRLF; lines are wrapped after a bar.
/// </summary>
internal static class RecordedReplies
{
    /// <summary>CLUSTER SLOTS of three primaries and a replica that is still loading (not listed).</summary>
    public const string HealthySlots = """
        *3|*3|:0|:5460|*4|$9|127.0.0.1|:7791|$40|bda3a28651d80f5d12e022b7447c7d6cd4643306|*0|*3|:5461|:10922|*4|$9|127.0.0.1|
        :7792|$40|757b304b65c7702f20547a11ef8052039b24f9f0|*0|*3|:10923|:16383|*4|$9|127.0.0.1|:7793|$40|
        b90db370e476a2d10c389a8c1938c2e289274e2c|*0|
        """;

    /// <summary>CLUSTER SHARDS of the same.</summary>
    public const string HealthyShards = """
        *3|*4|$5|slots|*2|:10923|:16383|$5|nodes|*1|*14|$2|id|$40|b90db370e476a2d10c389a8c1938c2e289274e2c|$4|port|:7793|$2|
        ip|$9|127.0.0.1|$8|endpoint|$9|127.0.0.1|$4|role|$6|master|$18|replication-offset|:0|$6|health|$6|online|*4|$5|slots|
        *2|:0|:5460|$5|nodes|*2|*14|$2|id|$40|bda3a28651d80f5d12e022b7447c7d6cd4643306|$4|port|:7791|$2|ip|$9|127.0.0.1|$8|
        endpoint|$9|127.0.0.1|$4|role|$6|master|$18|replication-offset|:0|$6|health|$6|online|*14|$2|id|$40|
        355d9b2404cbadc2922c037b1325c6c32fd56f34|$4|port|:7794|$2|ip|$9|127.0.0.1|$8|endpoint|$9|127.0.0.1|$4|role|$7|replica|
        $18|replication-offset|:0|$6|health|$7|loading|*4|$5|slots|*2|:5461|:10922|$5|nodes|*1|*14|$2|id|$40|
        757b304b65c7702f20547a11ef8052039b24f9f0|$4|port|:7792|$2|ip|$9|127.0.0.1|$8|endpoint|$9|127.0.0.1|$4|role|$6|master|
        $18|replication-offset|:0|$6|health|$6|online|
        """;

    /// <summary>Names preferred (cluster-preferred-endpoint-type hostname), announced by 7791 alone: CLUSTER SLOTS.</summary>
    public const string HostnameSlots = """
        *3|*4|:0|:5460|*4|$13|node1.example|:7791|$40|bda3a28651d80f5d12e022b7447c7d6cd4643306|*2|$2|ip|$9|127.0.0.1|*4|$1|?|
        :7794|$40|355d9b2404cbadc2922c037b1325c6c32fd56f34|*2|$2|ip|$9|127.0.0.1|*3|:5461|:10922|*4|$1|?|:7792|$40|
        757b304b65c7702f20547a11ef8052039b24f9f0|*2|$2|ip|$9|127.0.0.1|*3|:10923|:16383|*4|$1|?|:7793|$40|
        b90db370e476a2d10c389a8c1938c2e289274e2c|*2|$2|ip|$9|127.0.0.1|
        """;

    /// <summary>The same, CLUSTER SHARDS.</summary>
    public const string HostnameShards = """
        *3|*4|$5|slots|*2|:10923|:16383|$5|nodes|*1|*14|$2|id|$40|b90db370e476a2d10c389a8c1938c2e289274e2c|$4|port|:7793|$2|
        ip|$9|127.0.0.1|$8|endpoint|$1|?|$4|role|$6|master|$18|replication-offset|:0|$6|health|$6|online|*4|$5|slots|*2|:0|
        :5460|$5|nodes|*2|*16|$2|id|$40|bda3a28651d80f5d12e022b7447c7d6cd4643306|$4|port|:7791|$2|ip|$9|127.0.0.1|$8|endpoint|
        $13|node1.example|$8|hostname|$13|node1.example|$4|role|$6|master|$18|replication-offset|:14|$6|health|$6|online|*14|
        $2|id|$40|355d9b2404cbadc2922c037b1325c6c32fd56f34|$4|port|:7794|$2|ip|$9|127.0.0.1|$8|endpoint|$1|?|$4|role|$7|
        replica|$18|replication-offset|:14|$6|health|$6|online|*4|$5|slots|*2|:5461|:10922|$5|nodes|*1|*14|$2|id|$40|
        757b304b65c7702f20547a11ef8052039b24f9f0|$4|port|:7792|$2|ip|$9|127.0.0.1|$8|endpoint|$1|?|$4|role|$6|master|$18|
        replication-offset|:0|$6|health|$6|online|
        """;

    /// <summary>cluster-preferred-endpoint-type unknown-endpoint: CLUSTER SLOTS has null hosts.</summary>
    public const string UnknownSlots = """
        *3|*4|:0|:5460|*4|$-1|:7791|$40|bda3a28651d80f5d12e022b7447c7d6cd4643306|*4|$2|ip|$9|127.0.0.1|$8|hostname|$13|
        node1.example|*4|$-1|:7794|$40|355d9b2404cbadc2922c037b1325c6c32fd56f34|*2|$2|ip|$9|127.0.0.1|*3|:5461|:10922|*4|$-1|
        :7792|$40|757b304b65c7702f20547a11ef8052039b24f9f0|*2|$2|ip|$9|127.0.0.1|*3|:10923|:16383|*4|$-1|:7793|$40|
        b90db370e476a2d10c389a8c1938c2e289274e2c|*2|$2|ip|$9|127.0.0.1|
        """;

    /// <summary>The same: CLUSTER SHARDS has empty endpoints.</summary>
    public const string UnknownShards = """
        *3|*4|$5|slots|*2|:10923|:16383|$5|nodes|*1|*14|$2|id|$40|b90db370e476a2d10c389a8c1938c2e289274e2c|$4|port|:7793|$2|
        ip|$9|127.0.0.1|$8|endpoint|$0||$4|role|$6|master|$18|replication-offset|:0|$6|health|$6|online|*4|$5|slots|*2|:0|
        :5460|$5|nodes|*2|*16|$2|id|$40|bda3a28651d80f5d12e022b7447c7d6cd4643306|$4|port|:7791|$2|ip|$9|127.0.0.1|$8|endpoint|
        $0||$8|hostname|$13|node1.example|$4|role|$6|master|$18|replication-offset|:14|$6|health|$6|online|*14|$2|id|$40|
        355d9b2404cbadc2922c037b1325c6c32fd56f34|$4|port|:7794|$2|ip|$9|127.0.0.1|$8|endpoint|$0||$4|role|$7|replica|$18|
        replication-offset|:14|$6|health|$6|online|*4|$5|slots|*2|:5461|:10922|$5|nodes|*1|*14|$2|id|$40|
        757b304b65c7702f20547a11ef8052039b24f9f0|$4|port|:7792|$2|ip|$9|127.0.0.1|$8|endpoint|$0||$4|role|$6|master|$18|
        replication-offset|:0|$6|health|$6|online|
        """;

    /// <summary>CLUSTER SHARDS after 7793, which had no replica, was killed.</summary>
    public const string FailedShards = """
        *3|*4|$5|slots|*2|:10923|:16383|$5|nodes|*1|*14|$2|id|$40|b90db370e476a2d10c389a8c1938c2e289274e2c|$4|port|:7793|$2|
        ip|$9|127.0.0.1|$8|endpoint|$9|127.0.0.1|$4|role|$6|master|$18|replication-offset|:0|$6|health|$4|fail|*4|$5|slots|*2|
        :0|:5460|$5|nodes|*2|*14|$2|id|$40|bda3a28651d80f5d12e022b7447c7d6cd4643306|$4|port|:7791|$2|ip|$9|127.0.0.1|$8|
        endpoint|$9|127.0.0.1|$4|role|$6|master|$18|replication-offset|:14|$6|health|$6|online|*14|$2|id|$40|
        355d9b2404cbadc2922c037b1325c6c32fd56f34|$4|port|:7794|$2|ip|$9|127.0.0.1|$8|endpoint|$9|127.0.0.1|$4|role|$7|replica|
        $18|replication-offset|:14|$6|health|$6|online|*4|$5|slots|*2|:5461|:10922|$5|nodes|*1|*14|$2|id|$40|
        757b304b65c7702f20547a11ef8052039b24f9f0|$4|port|:7792|$2|ip|$9|127.0.0.1|$8|endpoint|$9|127.0.0.1|$4|role|$6|master|
        $18|replication-offset|:0|$6|health|$6|online|
        """;

    /// <summary>CLUSTER SHARDS of a node that never joined.</summary>
    public const string EmptyShards = """
        *1|*4|$5|slots|*0|$5|nodes|*1|*14|$2|id|$40|9c09bff6acbbc4671e82ef0d320d0e9bb89bf167|$4|port|:7799|$2|ip|$0||$8|
        endpoint|$0||$4|role|$6|master|$18|replication-offset|:0|$6|health|$6|online|
        """;

    /// <summary>CLUSTER SLOTS of a node that never joined.</summary>
    public const string EmptySlots = """
        *0|
        """;

    /// <summary>CLUSTER SLOTS of a node alone with all slots: it does not know its own address.</summary>
    public const string AloneSlots = """
        *1|*3|:0|:16383|*4|$0||:7799|$40|9c09bff6acbbc4671e82ef0d320d0e9bb89bf167|*0|
        """;

    /// <summary>The same, CLUSTER SHARDS.</summary>
    public const string AloneShards = """
        *1|*4|$5|slots|*2|:0|:16383|$5|nodes|*1|*14|$2|id|$40|9c09bff6acbbc4671e82ef0d320d0e9bb89bf167|$4|port|:7799|$2|ip|$0|
        |$8|endpoint|$0||$4|role|$6|master|$18|replication-offset|:0|$6|health|$6|online|
        """;

    // CLUSTER SLOTS of Redis 6: no fourth element in a node. Written by hand after its documentation.
    public const string Redis6Slots = """
        *2|*4|:0|:8191|*3|$8|10.0.0.1|:6379|$2|n1|*3|$8|10.0.0.3|:6379|$2|n3|*3|:8192|:16383|*3|$8|10.0.0.2|:6379|$2|n2|
        """;

    public static byte[] Bytes(string recorded) =>
        Encoding.UTF8.GetBytes(recorded.Replace("\n", "", StringComparison.Ordinal).Replace("|", "\r\n", StringComparison.Ordinal));

    public static async Task<ReplyNode> ReadAsync(string recorded)
    {
        using var stream = new MemoryStream(Bytes(recorded));
        return await new ReplyNodeReader(stream, 1 << 20).ReadAsync(TestContext.Current.CancellationToken);
    }
}
