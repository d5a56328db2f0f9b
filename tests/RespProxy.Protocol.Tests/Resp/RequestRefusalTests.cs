using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

/// <summary>The texts were answered by redis-server 7.0.15 to the same bytes, unless a test says that the proxy is the stricter one.</summary>
public class RequestRefusalTests
{
    [Theory]
    [InlineData("*x\r\n", "invalid multibulk length")]
    [InlineData("*\r\n", "invalid multibulk length")]
    [InlineData("*2147483648\r\n", "invalid multibulk length")]
    [InlineData("*1000000000000000000\r\n", "invalid multibulk length")]
    [InlineData("*9223372036854775807\r\n", "invalid multibulk length")]
    [InlineData("*99999999999999999999999999\r\n", "invalid multibulk length")]
    [InlineData("*-9223372036854775809\r\n", "invalid multibulk length")]
    [InlineData("*-0\r\n", "invalid multibulk length")]
    [InlineData("*+1\r\n$4\r\nPING\r\n", "invalid multibulk length")]
    [InlineData("*01\r\n$4\r\nPING\r\n", "invalid multibulk length")]
    [InlineData("*1 \r\n$4\r\nPING\r\n", "invalid multibulk length")]
    [InlineData("*1\r\n+PING\r\n", "expected '$', got '+'")]
    [InlineData("*1\r\nPING\r\n", "expected '$', got 'P'")]
    [InlineData("*1\r\n\r\n", "expected '$', got ' '")]
    [InlineData("*2\r\n$4\r\nECHO\r\n:1\r\n", "expected '$', got ':'")]
    [InlineData("*1\r\n$x\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$-1\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$04\r\nPING\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$4\nPING\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$536870913\r\n", "invalid bulk length")]
    public void Garbage_is_refused_with_the_text_of_Redis_however_it_arrives(string payload, string text) => AssertRefused(payload, text);

    [Theory]
    [InlineData("*1\rX$4\r\nPING\r\n", "invalid multibulk length")]
    [InlineData("*1\r\n$4\rXPING\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$4\r\nPINGXY", "expected CRLF after an argument")]
    [InlineData("*1\r\n$4\r\nPING\n\r", "expected CRLF after an argument")]
    [InlineData("*1\r\n$4\r\nPINGS\r\n", "expected CRLF after an argument")]
    public void Two_bytes_that_Redis_steps_over_unread_must_be_a_CRLF(string payload, string text) => AssertRefused(payload, text);

    [Theory]
    [InlineData("*1048577\r\n", "invalid multibulk length")]
    [InlineData("*1\n$4\nPING\n", "invalid multibulk length")]
    [InlineData("*1\r\n\0", "expected '$', got ' '")]
    [InlineData("*1\r\n\u007f", "expected '$', got ' '")]
    [InlineData("*1\r\n\u00ff", "expected '$', got ' '")]
    [InlineData("*-9223372036854775808\r\n", "invalid multibulk length")]
    public void What_Redis_takes_or_waits_upon_is_refused(string payload, string text) => AssertRefused(payload, text);

    [Theory]
    [InlineData("*1048576\r\n")]
    [InlineData("*1\r\n$536870912\r\n")]
    public void The_largest_claims_are_waited_for(string payload)
    {
        ClientInput input = ClientInput.Of(payload);
        Assert.Null(input.Refusal);
        Assert.Equal(payload.Length, input.Unread);
    }

    [Fact]
    public void A_length_line_that_never_ends_is_refused_long_before_64_KiB()
    {
        Assert.Equal("invalid multibulk length", ClientInput.Of("*" + new string('1', 19)).Refusal);
        Assert.Equal("invalid bulk length", ClientInput.Of("*1\r\n$" + new string('1', 19)).Refusal);
        Assert.Null(ClientInput.Of("*" + new string('1', 18)).Refusal);
    }

    [Theory]
    [InlineData("*11\r\n", "unauthenticated multibulk length")]
    [InlineData("*1048577\r\n", "unauthenticated multibulk length")]
    [InlineData("*2147483648\r\n", "invalid multibulk length")]
    [InlineData("*x\r\n", "invalid multibulk length")]
    [InlineData("*2\r\n$16385\r\n", "unauthenticated bulk length")]
    [InlineData("*2\r\n$536870912\r\n", "unauthenticated bulk length")]
    [InlineData("*2\r\n$536870913\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$-1\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$x\r\n", "invalid bulk length")]
    public void Before_authentication_limits_are_tight_and_the_texts_say_so(string payload, string text) =>
        AssertRefused(payload, text, RequestLimits.Unauthenticated);

    [Fact]
    public void Ten_arguments_of_16_KiB_are_read_before_authentication()
    {
        string[] request = [.. Enumerable.Repeat(new string('a', 16 * 1024), 10)];
        Assert.Equal([request], ClientInput.Of([Wire.Request(request)], RequestLimits.Unauthenticated).Requests);
    }

    [Fact]
    public void Configured_limits_hold_to_the_byte_and_to_the_argument()
    {
        var limits = new RequestLimits(MaxArguments: 2, MaxBulkLength: 3);
        Assert.Equal([["abc", "def"]], ClientInput.Of([Wire.Request("abc", "def")], limits).Requests);
        Assert.Equal("invalid bulk length", ClientInput.Of([Wire.Request("abc", "defg")], limits).Refusal);
        Assert.Equal("invalid multibulk length", ClientInput.Of([Wire.Request("a", "b", "c")], limits).Refusal);
    }

    [Fact]
    public void Requests_before_the_garbage_are_read()
    {
        ClientInput input = ClientInput.Of("*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n!");
        Assert.Equal([["PING"], ["PING"]], input.Requests);
        Assert.Equal("expected '$', got '!'", input.Refusal);
    }

    [Fact]
    public void An_inline_request_may_be_64_KiB_long_and_no_longer()
    {
        const int Max = 64 * 1024;
        Assert.Null(ClientInput.Of(new string('a', Max)).Refusal);
        Assert.Equal("too big inline request", ClientInput.Of(new string('a', Max + 1)).Refusal);
        Assert.Equal([[new string('a', Max)]], ClientInput.Of(new string('a', Max) + "\n").Requests);
        Assert.Equal("too big inline request", ClientInput.Of(new string('a', Max + 1) + "\n").Refusal);
        Assert.Equal([[new string('a', Max)]], ClientInput.Of([Wire.Bytes(new string('a', Max)), "\n"u8.ToArray()]).Requests);
    }

    [Theory]
    [InlineData(ProtocolError.MissingLineEnd)]
    [InlineData(ProtocolError.InvalidReply)]
    [InlineData(ProtocolError.UnbalancedQuotes)]
    public void Every_error_has_a_text(ProtocolError error) => Assert.NotEqual("none", ProtocolErrors.Text(error));

    private static void AssertRefused(string payload, string text, RequestLimits? limits = null)
    {
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(Wire.Bytes(payload)))
        {
            ClientInput input = ClientInput.Of(pieces, limits);
            Assert.Equal(text, input.Refusal);
            Assert.Empty(input.Requests);
        }
    }
}
