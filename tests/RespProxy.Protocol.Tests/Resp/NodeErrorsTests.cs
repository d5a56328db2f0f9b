using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class NodeErrorsTests
{
    [Theory]
    [InlineData("-MOVED 3999 127.0.0.1:6381\r\n", NodeErrorKind.Moved)]
    [InlineData("-ASK 3999 127.0.0.1:6381\r\n", NodeErrorKind.Ask)]
    [InlineData("-TRYAGAIN Multiple keys request during rehashing of slot\r\n", NodeErrorKind.Retryable)]
    [InlineData("-CLUSTERDOWN Hash slot not served\r\n", NodeErrorKind.Retryable)]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n", NodeErrorKind.Retryable)]
    [InlineData("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n", NodeErrorKind.Retryable)]
    [InlineData("-READONLY You can't write against a read only replica.\r\n", NodeErrorKind.ReadOnlyReplica)]
    [InlineData("-ERR unknown command\r\n", NodeErrorKind.Plain)]
    [InlineData("-MISCONF Redis is configured to save RDB snapshots\r\n", NodeErrorKind.Plain)]
    [InlineData("-ASKING\r\n", NodeErrorKind.Plain)]
    [InlineData("-MOVEDX 1\r\n", NodeErrorKind.Plain)]
    [InlineData("-WRONGTYPE Operation against a key\r\n", NodeErrorKind.Plain)]
    [InlineData("-\r\n", NodeErrorKind.Plain)]
    [InlineData("-A\r\n", NodeErrorKind.Plain)]
    [InlineData("+MOVED 1 a:1\r\n", NodeErrorKind.Plain)]
    [InlineData("$7\r\n-ASK 1 \r\n", NodeErrorKind.Plain)]
    public void An_error_is_told_by_its_first_word(string reply, NodeErrorKind kind) =>
        Assert.Equal(kind, NodeErrors.Classify(Wire.Bytes(reply)));

    [Theory]
    [InlineData("!10\r\nERR failed\r\n", "-ERR failed\r\n")]
    [InlineData("!12\r\nERR a\r\nb\nc\rd\r\n", "-ERR a  b c d\r\n")]
    [InlineData("!0\r\n\r\n", "-\r\n")]
    [InlineData("!-1\r\n", "-ERR\r\n")]
    public void A_blob_error_becomes_a_simple_one_on_one_line(string reply, string expected) =>
        Assert.Equal(expected, Wire.Text(NodeErrors.ToSimple(Wire.Bytes(reply))));

    [Theory]
    [InlineData("-MOVED 3999 127.0.0.1:6381\r\n", 3999, "127.0.0.1", 6381)]
    [InlineData("-ASK 0 node-1.example:1\r\n", 0, "node-1.example", 1)]
    [InlineData("-MOVED 16383 ::1:65535\r\n", 16383, "::1", 65535)]
    [InlineData("-MOVED 1 :6379\r\n", 1, "", 6379)]
    [InlineData("-MOVED 1 ?:6379\r\n", 1, "?", 6379)]
    public void A_redirect_names_its_slot_and_node(string reply, int slot, string host, int port)
    {
        Assert.True(NodeErrors.TryReadRedirect(Wire.Bytes(reply), out int readSlot, out string readHost, out int readPort));
        Assert.Equal((slot, host, port), (readSlot, readHost, readPort));
    }

    [Theory]
    [InlineData("-MOVED\r\n")]
    [InlineData("-MOVED \r\n")]
    [InlineData("-MOVED 1\r\n")]
    [InlineData("-MOVED 1 host\r\n")]
    [InlineData("-MOVED 16384 host:1\r\n")]
    [InlineData("-MOVED -1 host:1\r\n")]
    [InlineData("-MOVED x host:1\r\n")]
    [InlineData("-MOVED 1 host:0\r\n")]
    [InlineData("-MOVED 1 host:65536\r\n")]
    [InlineData("-MOVED 1 host:\r\n")]
    [InlineData("-MOVED a:1 host\r\n")]
    [InlineData("")]
    public void What_is_no_redirect_is_not_read_as_one(string reply) =>
        Assert.False(NodeErrors.TryReadRedirect(Wire.Bytes(reply), out _, out _, out _));
}
