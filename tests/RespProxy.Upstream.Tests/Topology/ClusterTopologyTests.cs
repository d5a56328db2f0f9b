using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

public sealed class ClusterTopologyTests : IAsyncDisposable
{
    // Time stands still unless a test moves it: no timeout, period or debounce passes by itself.
    private readonly FakeTimeProvider _time = new();
    private readonly List<IAsyncDisposable> _owned = [];
    private ImmutableDictionary<string, IPAddress[]> _names = ImmutableDictionary<string, IPAddress[]>.Empty;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable owned in Enumerable.Reverse(_owned)) await owned.DisposeAsync();
    }

    [Fact]
    public async Task The_first_map_comes_from_the_seed()
    {
        FakeMember[] members = StartCluster(3);
        ClusterTopology topology = await ReadyAsync(members[1]);
        Assert.Equal(members.Select(member => member.Address), topology.Current!.Primaries.Select(node => node.Address));
        Assert.Equal(members[0].Address, topology.Current.PrimaryOf(0)!.Address);
        Assert.Equal(members[2].Address, topology.Current.PrimaryOf(16383)!.Address);
        Assert.All(topology.Nodes.Nodes.ToArray(), node => Assert.Equal(NodeRole.Primary, node.Role));
        Assert.Equal(members[0].Node.Id, topology.Current.PrimaryOf(0)!.Id);
        Assert.Equal(_time.GetUtcNow(), topology.LastGoodView);
    }

    [Fact]
    public async Task A_seed_that_is_cut_off_is_outvoted_by_the_nodes_it_names()
    {
        FakeMember[] members = StartCluster(3);
        members[0].IsOk = false;
        members[1].Slots = members[2].Slots = FakeMember.Divide(members[1], members[2]);
        ClusterTopology topology = await ReadyAsync(members[0]);
        Assert.Equal([members[1].Address, members[2].Address], topology.Current!.Primaries.Select(node => node.Address));
    }

    [Fact]
    public async Task A_failover_is_seen_by_the_next_refresh()
    {
        FakeMember[] members = StartCluster(3);
        ClusterTopology topology = await ReadyAsync(members[0]);
        FakeMember promoted = Own(FakeMember.Start());
        members[2].Kill();
        foreach (FakeMember member in members) member.Slots = FakeMember.Divide(members[0], members[1], promoted);
        await RefreshAsync(topology);
        Assert.Equal(promoted.Address, topology.Current!.PrimaryOf(16383)!.Address);
        Assert.Equal(2, topology.Current.Version);
        Assert.Equal(NodeRole.Unknown, topology.Nodes.GetOrAdd(members[2].Address).Role);
    }

    [Fact]
    public async Task A_node_that_hangs_does_not_hold_up_the_others()
    {
        FakeMember[] members = StartCluster(3);
        ClusterTopology topology = await ReadyAsync(members[0]);
        members[2].Hangs = true;
        members[0].Slots = members[1].Slots = FakeMember.Divide(members[0], members[1]);

        // The clock stays where the request needs it: the timeout of the hanging node never comes.
        await RefreshAsync(topology);
        Assert.Equal([members[0].Address, members[1].Address], topology.Current!.Primaries.Select(node => node.Address));
    }

    [Fact]
    public async Task A_partitioned_node_is_not_believed()
    {
        FakeMember[] members = StartCluster(3);
        ClusterTopology topology = await ReadyAsync(members[0]);
        SlotMap before = topology.Current!;
        members[0].IsOk = false;
        members[0].Epoch = 99;
        members[0].Slots = FakeMember.Divide(members[0]);
        members[1].Kill();
        members[2].Kill();
        await RefreshAsync(topology);
        Assert.Same(before, topology.Current);
        Assert.Equal(1, topology.RefreshFailures);
        Assert.False(topology.Nodes.GetOrAdd(members[1].Address).IsReachable);
        Assert.True(topology.Nodes.GetOrAdd(members[0].Address).IsReachable);
    }

    [Fact]
    public async Task The_last_good_map_stays_when_every_node_is_gone()
    {
        FakeMember[] members = StartCluster(3);
        ClusterTopology topology = await ReadyAsync(members[0]);
        SlotMap before = topology.Current!;
        DateTimeOffset? good = topology.LastGoodView;
        foreach (FakeMember member in members) member.Kill();
        await RefreshAsync(topology);
        Assert.Same(before, topology.Current);
        Assert.Equal(good, topology.LastGoodView);
    }

    [Fact]
    public async Task When_every_known_node_is_gone_the_seed_names_are_resolved_anew()
    {
        FakeMember[] old = StartCluster(2);
        FakeMember[] rebuilt = StartCluster(3);
        foreach (FakeMember member in old) member.Epoch = 99;
        SetName("redis.test", "127.0.0.9"); // nobody listens there
        ClusterTopology topology = await ReadyAsync(new NodeAddress("redis.test", rebuilt[0].Address.Port), old[0].Address);
        Assert.Equal(old[0].Address, topology.Current!.PrimaryOf(0)!.Address);

        foreach (FakeMember member in old) member.Kill();
        SetName("redis.test", "127.0.0.1");
        await RefreshAsync(topology);
        Assert.Equal(rebuilt.Select(member => member.Address), topology.Current!.Primaries.Select(node => node.Address));
    }

    [Fact]
    public async Task A_seed_that_comes_up_late_is_found_without_being_asked_for()
    {
        FakeMember[] members = StartCluster(1);
        members[0].Slots = [];
        ClusterTopology topology = Start(members[0].Address);
        await Eventually.HoldsAsync("the first refresh failed", () => topology.RefreshFailures == 1);
        Assert.False(topology.WaitUntilReadyAsync(TestContext.Current.CancellationToken).IsCompleted);
        members[0].Slots = FakeMember.Divide(members[0]);
        await AdvanceUntilAsync("the map is there", () => topology.Current is not null);
        await topology.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Many_requests_become_one_refresh()
    {
        FakeMember[] members = StartCluster(1);
        ClusterTopology topology = await ReadyAsync(members[0]);
        for (int i = 0; i < 1000; i++) topology.RequestRefresh("test");
        Assert.Equal(1, topology.Refreshes);
        await AdvanceUntilAsync("the refresh has run", () => topology.Refreshes > 1);

        // Were there more, they would come in the next intervals.
        for (int i = 0; i < 20; i++) _time.Advance(ClusterTopology.MinInterval);
        await RefreshAsync(topology);
        Assert.Equal(3, topology.Refreshes);
    }

    [Fact]
    public async Task A_refresh_waits_until_the_last_one_is_a_while_ago()
    {
        FakeMember[] members = StartCluster(1);
        ClusterTopology topology = await ReadyAsync(members[0]);
        DateTimeOffset begun = _time.GetUtcNow();
        topology.RequestRefresh("test");
        await AdvanceUntilAsync("the refresh has run", () => topology.Refreshes == 2);
        Assert.Equal(2, members[0].Asked);
        Assert.True(_time.GetUtcNow() - begun >= ClusterTopology.MinInterval);
    }

    [Fact]
    public async Task The_topology_is_looked_at_once_a_period()
    {
        FakeMember[] members = StartCluster(1);
        ClusterTopology topology = await ReadyAsync(members[0]);
        for (int period = 1; period <= 3; period++)
        {
            _time.Advance(Upstream(members[0].Address).TopologyRefresh);
            await Eventually.HoldsAsync("the period's refresh has run", () => topology.Refreshes == 1 + period);
        }
    }

    [Fact]
    public async Task Moved_gives_the_slot_to_the_node_it_names_at_once()
    {
        FakeMember[] members = StartCluster(2);
        ClusterTopology topology = await ReadyAsync(members[0]);
        var changes = new List<SlotMap>();
        topology.Changed += changes.Add;
        Node sender = topology.Current!.PrimaryOf(0)!;

        Node owner = topology.Learn(0, "10.9.8.7", 6379, sender);
        Assert.Equal(new NodeAddress("10.9.8.7", 6379), owner.Address);
        Assert.Same(owner, topology.Current.PrimaryOf(0));
        Assert.Same(sender, topology.Current.PrimaryOf(1));
        Assert.Equal(2, topology.Current.Version);

        SlotMap learned = topology.Current;
        Assert.Same(owner, topology.Learn(0, "10.9.8.7", 6379, sender));
        Assert.Same(learned, topology.Current);
        Assert.Equal([learned], changes);
        Assert.Equal(1, topology.MovedLearned);
    }

    [Fact]
    public async Task Moved_asks_for_a_refresh()
    {
        FakeMember[] members = StartCluster(2);
        ClusterTopology topology = await ReadyAsync(members[0]);
        Node sender = topology.Current!.PrimaryOf(0)!;
        topology.Learn(0, members[1].Address.Host, members[1].Address.Port, sender);
        await AdvanceUntilAsync("the refresh has run", () => topology.Refreshes == 2);
        Assert.Same(sender, topology.Current.PrimaryOf(0));
    }

    [Fact]
    public async Task Moved_from_many_threads_at_once_loses_no_slot()
    {
        FakeMember[] members = StartCluster(2);
        ClusterTopology topology = await ReadyAsync(members[0]);
        Node sender = topology.Current!.PrimaryOf(0)!;
        Parallel.For(0, 400, slot => topology.Learn(slot, "10.9.8.7", 6379, sender));
        Node owner = topology.NodeAt("10.9.8.7", 6379, sender);
        Assert.All(Enumerable.Range(0, 400), slot => Assert.Same(owner, topology.Current.PrimaryOf(slot)));
        Assert.Equal(400, topology.MovedLearned);
        Assert.Equal(401, topology.Current.Version);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    public async Task A_redirect_without_a_host_means_the_senders(string host)
    {
        FakeMember[] members = StartCluster(1);
        ClusterTopology topology = await ReadyAsync(members[0]);
        Node sender = topology.Current!.PrimaryOf(0)!;
        Assert.Equal(sender.Address with { Port = 4242 }, topology.NodeAt(host, 4242, sender).Address);
    }

    [Fact]
    public async Task An_observer_that_throws_stops_nothing()
    {
        FakeMember[] members = StartCluster(2);
        ClusterTopology topology = await ReadyAsync(members[0]);
        topology.Changed += _ => throw new InvalidOperationException("an observer's fault");
        Node owner = topology.Learn(0, "10.9.8.7", 6379, topology.Current!.PrimaryOf(0)!);
        Assert.Same(owner, topology.Current.PrimaryOf(0));
    }

    [Fact]
    public async Task An_unchanged_cluster_changes_no_map()
    {
        FakeMember[] members = StartCluster(3);
        ClusterTopology topology = await ReadyAsync(members[0]);
        SlotMap before = topology.Current!;
        await RefreshAsync(topology);
        Assert.Same(before, topology.Current);
        Assert.Equal(0, topology.RefreshFailures);
    }

    [Fact]
    public async Task A_standalone_is_ready_at_once_and_owns_every_slot()
    {
        var address = new NodeAddress("standalone.test", 6379);
        ClusterTopology topology = Own(new ClusterTopology(
            Upstream(address) with { Mode = UpstreamMode.Standalone }, Resolver(), _time, NullLogger.Instance));
        topology.Start();
        Assert.True(topology.WaitUntilReadyAsync(TestContext.Current.CancellationToken).IsCompletedSuccessfully);
        Assert.Equal(address, topology.Current!.PrimaryOf(16383)!.Address);
        Assert.False(topology.Current.IsCluster);

        Node only = topology.Current.PrimaryOf(0)!;
        topology.Learn(0, "10.9.8.7", 6379, only);
        Assert.Same(only, topology.Current.PrimaryOf(0));
        await topology.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_ends_a_refresh_in_flight_and_those_who_wait()
    {
        FakeMember[] members = StartCluster(1);
        members[0].Hangs = true;
        ClusterTopology topology = Start(members[0].Address);
        Task waiting = topology.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
        await members[0].Node.ReceivedAsync(_ => true);
        await topology.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.HoldsAsync("its connection is closed", () => members[0].Node.Open == 0);
    }

    private FakeMember[] StartCluster(int count)
    {
        FakeMember[] members = FakeMember.StartCluster(count);
        _owned.AddRange(members);
        return members;
    }

    private Task<ClusterTopology> ReadyAsync(FakeMember seed) => ReadyAsync(seed.Address);

    private async Task<ClusterTopology> ReadyAsync(params NodeAddress[] seeds)
    {
        ClusterTopology topology = Start(seeds);
        await topology.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the first refresh has ended", () => topology.Refreshes == 1);
        return topology;
    }

    private ClusterTopology Start(params NodeAddress[] seeds)
    {
        ClusterTopology topology = Own(new ClusterTopology(Upstream(seeds), Resolver(), _time, NullLogger.Instance));
        topology.Start();
        return topology;
    }

    /// <summary>One refresh, asked for when it may begin at once: the clock stands while it runs.</summary>
    private async Task RefreshAsync(ClusterTopology topology)
    {
        long before = topology.Refreshes;
        _time.Advance(ClusterTopology.MinInterval * 2);
        topology.RequestRefresh("test");
        await Eventually.HoldsAsync("the refresh has ended", () => topology.Refreshes > before);
    }

    private Task AdvanceUntilAsync(string claim, Func<bool> condition) => Eventually.HoldsAsync(claim, () =>
    {
        if (condition()) return true;
        _time.Advance(ClusterTopology.MinInterval / 4);
        return condition();
    });

    private NodeResolver Resolver() => new(_time, (host, _) => Task.FromResult(_names[host]));

    private void SetName(string host, params string[] addresses) =>
        _names = _names.SetItem(host, [.. addresses.Select(IPAddress.Parse)]);

    private T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private static UpstreamSnapshot Upstream(params NodeAddress[] seeds) => new() { Name = "test", Seeds = [.. seeds] };
}
