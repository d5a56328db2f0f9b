using RespProxy.Configuration;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;

namespace RespProxy.Downstream.Tests.Local;

public sealed class FacadeNodeTests
{
    [Theory]
    [InlineData("127.0.0.1:6379", "127.0.0.1", 6379)]
    [InlineData("[::1]:7000", "::1", 7000)]
    [InlineData("[::ffff:10.0.0.5]:7000", "10.0.0.5", 7000)]
    public void Without_an_announcement_the_node_is_where_the_client_has_connected_to(string reached, string host, int port) =>
        Assert.Equal(new FacadeNode(host, port), FacadeNode.Of(new SessionOrigin("l", null, ClientView.Cluster), reached));

    [Fact]
    public void An_announcement_needs_no_address_of_the_socket() =>
        Assert.Equal(new FacadeNode("name", 1), FacadeNode.Of(new SessionOrigin("l", null, ClientView.Cluster, new NodeAddress("name", 1)), "/run/r.sock"));

    [Fact]
    public void The_id_follows_from_the_address_and_from_nothing_else()
    {
        // Written down once: a client that has seen the node before must find it again after an update of the proxy.
        Assert.Equal("4738a9301b3a6eac2141bc2eb0e7d05078f3d7b5", new FacadeNode("10.0.0.5", 6379).Id);
        Assert.NotEqual(new FacadeNode("10.0.0.5", 6379).Id, new FacadeNode("10.0.0.5", 6380).Id);
        Assert.NotEqual(new FacadeNode("10.0.0.5", 6379).Id, new FacadeNode("10.0.0.6", 6379).Id);
    }
}
