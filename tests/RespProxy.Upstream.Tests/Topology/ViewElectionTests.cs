using RespProxy.Configuration;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

public class ViewElectionTests
{
    [Fact]
    public void The_view_most_healthy_nodes_hold_wins() =>
        Assert.Equal("new", Winner([Ok("old", 9), Ok("new", 8), Ok("new", 8)], asked: 3, knownEpoch: 8));

    [Fact]
    public void A_healthy_view_beats_more_unhealthy_ones() =>
        Assert.Equal("new", Winner([Fail("old", 9), Fail("old", 9), Ok("new", 9)], asked: 3, knownEpoch: 9));

    [Fact]
    public void Between_equally_held_views_the_higher_epoch_wins()
    {
        Assert.Equal("new", Winner([Ok("old", 4), Ok("new", 5)], asked: 2, knownEpoch: 4));
        Assert.Equal("new", Winner([Ok("new", 5), Ok("old", 4)], asked: 2, knownEpoch: 4));
    }

    [Fact]
    public void A_lone_unhealthy_node_is_not_believed_against_a_map() =>
        Assert.Null(Winner([Fail("old", 9)], asked: 3, knownEpoch: 5));

    [Fact]
    public void Half_of_the_nodes_unhealthy_are_not_believed_against_a_map() =>
        Assert.Null(Winner([Fail("old", 9), Fail("old", 9)], asked: 4, knownEpoch: 5));

    [Fact]
    public void Most_nodes_unhealthy_but_agreed_are_believed() =>
        Assert.Equal("new", Winner([Fail("new", 5), Fail("new", 5)], asked: 3, knownEpoch: 5));

    [Fact]
    public void A_minority_older_than_the_map_is_not_believed_even_if_healthy() =>
        Assert.Null(Winner([Ok("old", 4)], asked: 3, knownEpoch: 5));

    [Fact]
    public void A_minority_as_new_as_the_map_is_believed_if_healthy() =>
        Assert.Equal("new", Winner([Ok("new", 5)], asked: 3, knownEpoch: 5));

    [Fact]
    public void A_majority_is_believed_whatever_its_epoch() =>
        Assert.Equal("rebuilt", Winner([Ok("rebuilt", 1), Ok("rebuilt", 1)], asked: 2, knownEpoch: 50));

    [Fact]
    public void Without_a_map_even_a_lone_unhealthy_view_is_taken() =>
        Assert.Equal("any", Winner([Fail("any", 1)], asked: 3, knownEpoch: null));

    [Fact]
    public void A_view_without_slots_is_never_believed()
    {
        var empty = new ClusterView(new NodeAddress("reset", 1), new ClusterHealth(true, 99), []);
        Assert.Null(ViewElection.Choose([empty, empty], asked: 2, knownEpoch: null));
        Assert.Null(ViewElection.Choose([], asked: 2, knownEpoch: null));
    }

    [Theory]
    [InlineData(2, 0, 3, true)]
    [InlineData(2, 0, 4, false)]
    [InlineData(2, 1, 4, false)]
    [InlineData(3, 2, 5, true)]
    [InlineData(1, 0, 1, true)]
    [InlineData(0, 0, 0, false)]
    public void The_choice_is_made_when_most_nodes_asked_agree(int agreeing, int others, int asked, bool decided)
    {
        ClusterView[] views = [.. Enumerable.Repeat(Ok("new", 1), agreeing), .. Enumerable.Repeat(Ok("old", 1), others)];
        Assert.Equal(decided, ViewElection.IsDecided(views, asked));
    }

    [Fact]
    public void Unhealthy_nodes_that_agree_decide_too_so_that_a_failover_waits_for_no_dead_node() =>
        Assert.True(ViewElection.IsDecided([Fail("old", 1), Fail("old", 1)], asked: 3));

    private static string? Winner(ClusterView[] views, int asked, long? knownEpoch) =>
        ViewElection.Choose(views, asked, knownEpoch)?.Ranges[0].Primary.Id;

    private static ClusterView Ok(string owner, long epoch) => View(owner, new ClusterHealth(true, epoch));

    private static ClusterView Fail(string owner, long epoch) => View(owner, new ClusterHealth(false, epoch));

    private static ClusterView View(string owner, ClusterHealth health) =>
        new(new NodeAddress("source", 1), health, [new ViewRange(0, 16383, new ViewNode(new NodeAddress(owner, 1), owner), [])]);
}
