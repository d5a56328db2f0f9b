using System.Text;
using RespProxy.Configuration;
using RespProxy.Upstream.Connections;

namespace RespProxy.Upstream.Tests.Connections;

public sealed class NodeHandshakeTests
{
    private static readonly UpstreamSnapshot Open = new() { Name = "u", Seeds = [new NodeAddress("127.0.0.1", 6379)] };
    private static readonly UpstreamSnapshot Closed = Open with { Username = "proxy", Password = "p w" };

    [Fact]
    public void It_begins_with_hello_in_the_version_asked_for()
    {
        Assert.Equal("*4\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$7\r\nSETNAME\r\n$9\r\nrespproxy\r\n", Text(new NodeHandshake(Open, resp3: true).Request));
        Assert.Equal(
            "*7\r\n$5\r\nHELLO\r\n$1\r\n2\r\n$4\r\nAUTH\r\n$5\r\nproxy\r\n$3\r\np w\r\n$7\r\nSETNAME\r\n$9\r\nrespproxy\r\n",
            Text(new NodeHandshake(Closed, resp3: false).Request));
        Assert.Contains("\r\ndefault\r\n", Text(new NodeHandshake(Closed with { Username = null }, resp3: false).Request), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n", "7.0.15")]
    [InlineData("%2\r\n$7\r\nmodules\r\n*1\r\n$1\r\nm\r\n$7\r\nversion\r\n$3\r\n8.0\r\n", "8.0")]
    [InlineData("*2\r\n$6\r\nserver\r\n$7\r\nversion\r\n", null)]
    [InlineData("*0\r\n", null)]
    [InlineData("+OK\r\n", null)]
    public void Any_reply_but_an_error_makes_it_ready_and_tells_the_version_if_it_is_there(string reply, string? version)
    {
        var handshake = new NodeHandshake(Open, resp3: false);

        Assert.Equal(HandshakeStep.Ready, Answer(handshake, reply));
        Assert.Equal(version, handshake.ServerVersion);
        Assert.False(handshake.IsHelloUnknown);
    }

    [Theory]
    [InlineData("-ERR unknown command 'HELLO'\r\n")]
    [InlineData("-NOPROTO unsupported protocol version\r\n")]
    public void A_node_without_hello_has_no_resp3(string reply)
    {
        Assert.Equal(HandshakeStep.ProtocolUnsupported, Answer(new NodeHandshake(Open, resp3: true), reply));
        var old = new NodeHandshake(Open, resp3: false);
        Assert.Equal(HandshakeStep.Ready, Answer(old, reply));
        Assert.True(old.IsHelloUnknown);
    }

    [Fact]
    public void A_node_without_hello_is_authenticated_by_auth_and_not_used_before()
    {
        var handshake = new NodeHandshake(Closed, resp3: false);

        Assert.Equal(HandshakeStep.Continue, Answer(handshake, "-ERR unknown command 'HELLO'\r\n"));
        Assert.Equal("*3\r\n$4\r\nAUTH\r\n$5\r\nproxy\r\n$3\r\np w\r\n", Text(handshake.Request));
        Assert.Equal(HandshakeStep.Ready, Answer(handshake, "+OK\r\n"));
    }

    [Theory]
    [InlineData("-WRONGPASS invalid username-password pair\r\n")]
    [InlineData("-NOAUTH HELLO must be called with the client already authenticated\r\n")]
    [InlineData("-NOPERM this user has no permissions\r\n")]
    public void Any_other_error_is_a_refusal_in_the_nodes_words(string reply)
    {
        var handshake = new NodeHandshake(Closed, resp3: true);

        Assert.Equal(HandshakeStep.Refused, Answer(handshake, reply));
        Assert.Equal(reply[1..^2], handshake.Refusal);
    }

    [Fact]
    public void A_second_unknown_command_is_a_refusal_too()
    {
        var handshake = new NodeHandshake(Closed, resp3: false);
        Answer(handshake, "-ERR unknown command 'HELLO'\r\n");

        Assert.Equal(HandshakeStep.Refused, Answer(handshake, "-ERR unknown command 'AUTH'\r\n"));
    }

    private static HandshakeStep Answer(NodeHandshake handshake, string reply) => handshake.OnReply(Encoding.ASCII.GetBytes(reply));

    private static string Text(byte[] bytes) => Encoding.ASCII.GetString(bytes);
}
