using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class ReplyCursorTests
{
    [Fact]
    public void A_cursor_walks_through_headers_bulks_and_whole_elements()
    {
        var cursor = new ReplyCursor("*3\r\n$3\r\nkey\r\n%1\r\n+a\r\n:1\r\n$-1\r\n"u8);
        Assert.Equal(3, cursor.ReadAggregateHeader());
        Assert.Equal("*3\r\n", Wire.Text(cursor.Since(0)));
        Assert.True(cursor.TryReadBulk(out ReadOnlySpan<byte> key));
        Assert.Equal("key", Wire.Text(key));
        Assert.Equal((byte)'%', cursor.Kind);
        Assert.Equal("%1\r\n+a\r\n:1\r\n", Wire.Text(cursor.Skip()));
        Assert.True(cursor.IsNull);
        Assert.False(cursor.TryReadBulk(out _));
        Assert.False(cursor.AtEnd);
        Assert.Equal("$-1\r\n", Wire.Text(cursor.Skip()));
        Assert.True(cursor.AtEnd);
        Assert.False(cursor.TryReadBulk(out _));
    }

    [Theory]
    [InlineData("$-1\r\n", true)]
    [InlineData("*-1\r\n", true)]
    [InlineData("_\r\n", true)]
    [InlineData("$1\r\n-\r\n", false)]
    [InlineData("*1\r\n_\r\n", false)]
    [InlineData(":-1\r\n", false)]
    public void Nulls_of_both_protocol_versions_are_told_from_the_rest(string reply, bool isNull) =>
        Assert.Equal(isNull, new ReplyCursor(Wire.Bytes(reply)).IsNull);

    [Theory]
    [InlineData("")]
    [InlineData("*2")]
    [InlineData("*2\r\n")]
    [InlineData("$5\r\nab\r\n")]
    [InlineData("!")]
    public void A_reply_that_ends_within_an_element_throws_FormatException(string reply)
    {
        Assert.Throws<FormatException>(() => { new ReplyCursor(Wire.Bytes(reply)).Skip(); });
        if (reply.StartsWith('$')) Assert.Throws<FormatException>(() => { new ReplyCursor(Wire.Bytes(reply)).TryReadBulk(out _); });
        if (reply.Length == 0) Assert.Throws<FormatException>(() => new ReplyCursor(Wire.Bytes(reply)).Kind);
        if (!reply.EndsWith('\n')) Assert.Throws<FormatException>(() => { new ReplyCursor(Wire.Bytes(reply)).ReadAggregateHeader(); });
    }

    [Theory]
    [InlineData(":0\r\n", 0)]
    [InlineData(":-1\r\n", -1)]
    [InlineData(":9223372036854775807\r\n", long.MaxValue)]
    [InlineData(":-9223372036854775808\r\n", long.MinValue)]
    public void Integers_are_read(string reply, long expected)
    {
        Assert.True(ReplyCursor.TryReadInteger(Wire.Bytes(reply), out long value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("+1\r\n")]
    [InlineData(":\r\n")]
    [InlineData(":x\r\n")]
    [InlineData("$1\r\n1\r\n")]
    [InlineData(":9223372036854775808\r\n")]
    public void What_is_no_integer_is_not_read_as_one(string reply) =>
        Assert.False(ReplyCursor.TryReadInteger(Wire.Bytes(reply), out _));
}
