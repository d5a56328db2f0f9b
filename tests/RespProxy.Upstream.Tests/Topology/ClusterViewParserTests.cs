using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

public class ClusterViewParserTests
{
    private static readonly NodeAddress Asked = new("asked.example", 7792);

    [Theory]
    [InlineData(RecordedReplies.HealthySlots)]
    [InlineData(RecordedReplies.HostnameSlots)]
    [InlineData(RecordedReplies.UnknownSlots)]
    public async Task Slots_name_who_serves_each_range(string recorded) =>
        Assert.Equal(ThreePrimaries, Ranges(ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(recorded), Asked)));

    [Theory]
    [InlineData(RecordedReplies.HealthyShards)]
    [InlineData(RecordedReplies.HostnameShards)]
    [InlineData(RecordedReplies.UnknownShards)]
    public async Task Shards_name_who_serves_each_range(string recorded) =>
        Assert.Equal(ThreePrimaries, Ranges(ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(recorded), Asked)));

    [Fact]
    public async Task Slots_and_shards_of_the_same_cluster_agree()
    {
        ClusterView slots = View(ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(RecordedReplies.HealthySlots), Asked));
        ClusterView shards = View(ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(RecordedReplies.HealthyShards), Asked));
        Assert.Equal(slots.Assignment, shards.Assignment);
    }

    [Fact]
    public async Task Ranges_cut_differently_agree()
    {
        ImmutableArray<ViewRange> whole = ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(RecordedReplies.Redis6Slots), Asked);
        ViewRange first = whole[0];
        ImmutableArray<ViewRange> cut = [whole[1], first with { First = 5000 }, first with { Last = 4999 }];
        Assert.Equal(View(whole).Assignment, View(cut).Assignment);
    }

    [Fact]
    public async Task Replicas_follow_their_primary()
    {
        ImmutableArray<ViewRange> shards = ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(RecordedReplies.HealthyShards), Asked);
        Assert.Equal(new NodeAddress("127.0.0.1", 7794), Assert.Single(shards.Single(range => range.First == 0).Replicas).Address);
        ImmutableArray<ViewRange> slots = ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(RecordedReplies.Redis6Slots), Asked);
        Assert.Equal(new ViewNode(new NodeAddress("10.0.0.3", 6379), "n3"), Assert.Single(slots[0].Replicas));
        Assert.Empty(slots[1].Replicas);
    }

    [Fact]
    public async Task A_preferred_host_name_is_honoured_and_a_missing_one_gives_way_to_the_address()
    {
        string[] hosts = ["node1.example", "127.0.0.1", "127.0.0.1"];
        Assert.Equal(hosts, Hosts(ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(RecordedReplies.HostnameSlots), Asked)));
        Assert.Equal(hosts, Hosts(ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(RecordedReplies.HostnameShards), Asked)));
    }

    [Fact]
    public async Task A_host_not_told_is_the_host_that_was_asked()
    {
        string[] hosts = ["asked.example", "asked.example", "asked.example"];
        Assert.Equal(hosts, Hosts(ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(RecordedReplies.UnknownSlots), Asked)));
        Assert.Equal(hosts, Hosts(ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(RecordedReplies.UnknownShards), Asked)));
        Assert.Equal(hosts[..1], Hosts(ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(RecordedReplies.AloneSlots), Asked)));
        Assert.Equal(hosts[..1], Hosts(ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(RecordedReplies.AloneShards), Asked)));
    }

    [Fact]
    public async Task A_failed_primary_keeps_its_slots_until_the_cluster_gives_them_away() =>
        Assert.Equal(ThreePrimaries, Ranges(ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(RecordedReplies.FailedShards), Asked)));

    [Fact]
    public async Task Of_two_primaries_in_a_shard_the_one_online_serves()
    {
        string recorded = RecordedReplies.HealthyShards.Replace("$7|replica|", "$6|master|", StringComparison.Ordinal)
            .Replace("$6|online|", "$4|fail|", StringComparison.Ordinal)
            .Replace("$7|loading|", "$6|online|", StringComparison.Ordinal);
        ImmutableArray<ViewRange> shards = ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(recorded), Asked);
        Assert.Equal(7794, shards.Single(range => range.First == 0).Primary.Address.Port);
    }

    [Fact]
    public async Task A_node_that_never_joined_has_no_slots()
    {
        Assert.Empty(ClusterViewParser.ParseSlots(await RecordedReplies.ReadAsync(RecordedReplies.EmptySlots), Asked));
        Assert.Empty(ClusterViewParser.ParseShards(await RecordedReplies.ReadAsync(RecordedReplies.EmptyShards), Asked));
    }

    [Theory]
    [InlineData(":1|")]
    [InlineData("*1|:1|")]
    [InlineData("*1|*2|:0|:1|")]
    [InlineData("*1|*3|:0|:16384|*2|$1|a|:1|")]
    [InlineData("*1|*3|:-1|:5|*2|$1|a|:1|")]
    [InlineData("*1|*3|:9|:5|*2|$1|a|:1|")]
    [InlineData("*1|*3|:0|:5|*2|$1|a|:0|")]
    [InlineData("*1|*3|:0|:5|*2|$1|a|:65536|")]
    public async Task Malformed_slots_are_refused(string recorded)
    {
        ReplyNode reply = await RecordedReplies.ReadAsync(recorded);
        Assert.Throws<InvalidDataException>(() => ClusterViewParser.ParseSlots(reply, Asked));
    }

    [Theory]
    [InlineData("*1|*2|$5|slots|*0|")]
    [InlineData("*1|*4|$5|slots|*1|:1|$5|nodes|*0|")]
    [InlineData("*1|*4|$5|slots|*0|$5|nodes|*1|*2|$2|id|$1|a|")]
    public async Task Malformed_shards_are_refused(string recorded)
    {
        ReplyNode reply = await RecordedReplies.ReadAsync(recorded);
        Assert.Throws<InvalidDataException>(() => ClusterViewParser.ParseShards(reply, Asked));
    }

    [Theory]
    [InlineData("cluster_state:ok\r\ncluster_current_epoch:7\r\ncluster_my_epoch:2\r\n", true, 7)]
    [InlineData("cluster_state:fail\r\ncluster_slots_ok:0\r\n", false, 0)]
    public void Health_is_read_from_cluster_info(string info, bool ok, long epoch) =>
        Assert.Equal(new ClusterHealth(ok, epoch), ClusterViewParser.ParseHealth(info));

    [Fact]
    public void Cluster_info_without_a_state_is_refused() =>
        Assert.Throws<InvalidDataException>(() => ClusterViewParser.ParseHealth("redis_version:7.0.15\r\n"));

    private static readonly (int, int, int)[] ThreePrimaries = [(0, 5460, 7791), (5461, 10922, 7792), (10923, 16383, 7793)];

    private static (int, int, int)[] Ranges(ImmutableArray<ViewRange> ranges) =>
        [.. ranges.OrderBy(range => range.First).Select(range => (range.First, range.Last, range.Primary.Address.Port))];

    private static string[] Hosts(ImmutableArray<ViewRange> ranges) =>
        [.. ranges.OrderBy(range => range.First).Select(range => range.Primary.Address.Host)];

    private static ClusterView View(ImmutableArray<ViewRange> ranges) => new(Asked, new ClusterHealth(true, 1), ranges);
}
