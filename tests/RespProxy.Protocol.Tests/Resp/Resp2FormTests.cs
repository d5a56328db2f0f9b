using System.Text;
using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Tests.Resp;

public sealed class Resp2FormTests
{
    [Theory]
    [InlineData("$5\r\nvalue\r\n", "$5\r\nvalue\r\n")]
    [InlineData("$0\r\n\r\n", "$0\r\n\r\n")]
    [InlineData("_\r\n", "$-1\r\n")]
    [InlineData(":12345678901234\r\n", ":12345678901234\r\n")]
    [InlineData("+string\r\n", "+string\r\n")]
    [InlineData("%0\r\n", "*0\r\n")]
    [InlineData("%2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n_\r\n", "*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$-1\r\n")]
    [InlineData("%5\r\n", "*10\r\n")]
    [InlineData("~2\r\n$1\r\n~\r\n$2\r\n%1\r\n", "*2\r\n$1\r\n~\r\n$2\r\n%1\r\n")]
    [InlineData("*3\r\n_\r\n:-1\r\n*1\r\n_\r\n", "*3\r\n$-1\r\n:-1\r\n*1\r\n$-1\r\n")]
    public void Nulls_maps_and_sets_are_said_as_in_RESP2_and_all_else_as_it_is(string resp3, string resp2) => Assert.Equal(resp2, Convert(resp3));

    [Theory]
    [InlineData(",1.5\r\n")]
    [InlineData("#t\r\n")]
    [InlineData("*2\r\n$1\r\na\r\n,1.5\r\n")]
    [InlineData("=7\r\ntxt:abc\r\n")]
    [InlineData("(123\r\n")]
    public void Types_that_RESP2_says_in_its_own_way_are_not_converted(string resp3) => Assert.Null(Convert(resp3));

    private static string? Convert(string reply)
    {
        var converted = new byte[Resp2Form.MaxLength(reply.Length)];
        int length = Resp2Form.Write(Encoding.ASCII.GetBytes(reply), converted);
        return length < 0 ? null : Encoding.ASCII.GetString(converted, 0, length);
    }
}
