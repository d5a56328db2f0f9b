using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

public class SlotMapTests
{
    private readonly NodeTable _nodes = new();

    [Fact]
    public void A_slot_belongs_to_the_primary_of_its_range()
    {
        SlotMap map = SlotMap.Cluster(1, [(0, 99, At(1)), (100, 16383, At(2))]);
        Assert.Equal([At(1), At(1), At(2), At(2)], new[] { 0, 99, 100, 16383 }.Select(map.PrimaryOf));
        Assert.Equal(16384, map.CoveredSlots);
        Assert.Equal([At(1), At(2)], map.Primaries);
        Assert.True(map.IsCluster);
    }

    [Fact]
    public void A_slot_in_no_range_has_no_owner()
    {
        SlotMap map = SlotMap.Cluster(1, [(10, 19, At(1))]);
        Assert.Null(map.PrimaryOf(9));
        Assert.Null(map.PrimaryOf(20));
        Assert.Equal(10, map.CoveredSlots);
    }

    [Fact]
    public void A_standalone_node_owns_every_slot()
    {
        SlotMap map = SlotMap.Standalone(At(1));
        Assert.All(Enumerable.Range(0, 16384), slot => Assert.Same(At(1), map.PrimaryOf(slot)));
        Assert.False(map.IsCluster);
        Assert.Equal(16384, map.CoveredSlots);
    }

    [Fact]
    public void Giving_a_slot_away_makes_a_new_map_and_leaves_the_old()
    {
        SlotMap before = SlotMap.Cluster(7, [(0, 16383, At(1))]);
        SlotMap after = before.With(5, At(2));
        Assert.Same(At(1), before.PrimaryOf(5));
        Assert.Same(At(2), after.PrimaryOf(5));
        Assert.Same(At(1), after.PrimaryOf(4));
        Assert.Equal(8, after.Version);
        Assert.Equal([At(1), At(2)], after.Primaries);
    }

    [Fact]
    public void A_node_that_lost_its_last_slot_is_no_primary()
    {
        SlotMap map = SlotMap.Cluster(1, [(0, 0, At(1)), (1, 16383, At(2))]).With(0, At(2));
        Assert.Equal([At(2)], map.Primaries);
    }

    [Fact]
    public void A_slot_without_owner_can_be_given()
    {
        SlotMap map = SlotMap.Cluster(1, [(0, 0, At(1))]).With(1, At(1));
        Assert.Same(At(1), map.PrimaryOf(1));
        Assert.Equal(2, map.CoveredSlots);
    }

    [Fact]
    public void Maps_are_compared_by_what_they_assign_not_by_version_or_cut()
    {
        SlotMap whole = SlotMap.Cluster(1, [(0, 16383, At(1))]);
        SlotMap cut = SlotMap.Cluster(2, [(8000, 16383, At(1)), (0, 7999, At(1))]);
        Assert.True(whole.HasSameAssignments(cut));
        Assert.True(whole.HasSameAssignments(whole.With(3, At(2)).With(3, At(1))));
        Assert.False(whole.HasSameAssignments(whole.With(3, At(2))));
        Assert.False(whole.HasSameAssignments(SlotMap.Cluster(1, [(0, 16382, At(1))])));
        Assert.False(whole.HasSameAssignments(SlotMap.Standalone(At(1))));
    }

    [Fact]
    public void A_new_replica_is_a_difference()
    {
        SlotMap without = SlotMap.Cluster(1, [(0, 16383, At(1))]);
        SlotMap with = SlotMap.Cluster(1, [(0, 16383, At(1))], ImmutableDictionary<Node, ImmutableArray<Node>>.Empty.Add(At(1), [At(2)]));
        Assert.False(without.HasSameAssignments(with));
        Assert.Equal([At(2)], with.ReplicasOf(At(1)));
        Assert.Empty(with.ReplicasOf(At(2)));
    }

    [Fact]
    public void A_range_outside_the_slots_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SlotMap.Cluster(1, [(-1, 5, At(1))]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SlotMap.Cluster(1, [(0, 16384, At(1))]));
    }

    [Fact]
    public void A_node_keeps_its_object_and_index_for_good()
    {
        Node[] first = [At(1), At(2), At(1), At(3)];
        Assert.Same(first[0], first[2]);
        Assert.Equal([0, 1, 0, 2], first.Select(node => node.Index));
        Assert.Equal([At(1), At(2), At(3)], _nodes.Nodes.ToArray());
        Assert.False(_nodes.TryGet(new NodeAddress("10.0.0.9", 6379), out _));
    }

    [Fact]
    public void Nodes_added_by_many_threads_at_once_are_dense_and_one_per_address()
    {
        Parallel.For(0, 4000, i => At(i % 50));
        Assert.Equal(Enumerable.Range(0, 50), _nodes.Nodes.ToArray().Select(node => node.Index));
        Assert.Equal(50, _nodes.Nodes.ToArray().DistinctBy(node => node.Address).Count());
    }

    private Node At(int number) => _nodes.GetOrAdd(new NodeAddress($"10.0.0.{number}", 6379));
}
