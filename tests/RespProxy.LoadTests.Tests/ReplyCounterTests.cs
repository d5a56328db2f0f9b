using System.Text;
using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Tests;

public class ReplyCounterTests
{
    private const string Stream =
        "+OK\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n:12\r\n*2\r\n$1\r\nx\r\n*1\r\n:1\r\n*0\r\n*-1\r\n%1\r\n+k\r\n~1\r\n,1.5\r\n_\r\n#t\r\n";
    private const int Replies = 11;

    [Fact]
    public void Every_kind_of_reply_counts_once_wherever_the_stream_is_cut()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Stream);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            ReplyCounter counter = new();
            Assert.Equal(Replies, counter.Feed(bytes.AsSpan(0, cut)) + counter.Feed(bytes.AsSpan(cut)));
        }
    }

    [Fact]
    public void Bytes_that_come_one_by_one_count_the_same()
    {
        ReplyCounter counter = new();
        Assert.Equal(Replies, Encoding.ASCII.GetBytes(Stream).Sum(b => counter.Feed([b])));
    }

    [Fact]
    public void An_error_reply_fails_the_load_with_its_text()
    {
        LoadFailedException error = Assert.Throws<LoadFailedException>(() => new ReplyCounter().Feed("-ERR no such thing\r\n"u8));
        Assert.Equal("error reply: ERR no such thing", error.Message);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("HTTP/1.1 400\r\n")]
    [InlineData("$x\r\n")]
    public void Bytes_that_are_not_RESP_fail_the_load(string text) =>
        Assert.Throws<LoadFailedException>(() => new ReplyCounter().Feed(Encoding.ASCII.GetBytes(text)));
}
