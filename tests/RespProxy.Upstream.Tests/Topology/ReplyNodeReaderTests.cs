using System.Text;
using RespProxy.Testing;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

public class ReplyNodeReaderTests
{
    private const string EveryKind = "*6\r\n+OK\r\n-ERR no\r\n:-42\r\n$4\r\na\r\nb\r\n$-1\r\n*2\r\n*-1\r\n$0\r\n\r\n";

    [Fact]
    public async Task Every_kind_of_reply_is_read()
    {
        ReplyNode reply = await ReadAsync(Wire.Bytes(EveryKind), chunk: int.MaxValue);
        ReplyKind[] kinds = [ReplyKind.Simple, ReplyKind.Error, ReplyKind.Integer, ReplyKind.Bulk, ReplyKind.Null, ReplyKind.Array];
        Assert.Equal(kinds, reply.Items.Select(item => item.Kind));
        Assert.Equal(["OK", "ERR no", "", "a\r\nb"], reply.Items.Take(4).Select(item => item.Text));
        Assert.True(reply.Items[1].IsError);
        Assert.Equal(-42, reply.Items[2].Integer);
        Assert.Equal([ReplyKind.Null, ReplyKind.Bulk], reply.Items[5].Items.Select(item => item.Kind));
    }

    [Theory]
    [InlineData(EveryKind)]
    [InlineData(RecordedReplies.HealthyShards)]
    public async Task A_reply_arriving_byte_by_byte_reads_the_same(string text)
    {
        byte[] bytes = RecordedReplies.Bytes(text.Replace("\r\n", "|", StringComparison.Ordinal));
        Assert.Equal(Describe(await ReadAsync(bytes, chunk: int.MaxValue)), Describe(await ReadAsync(bytes, chunk: 1)));
    }

    [Fact]
    public async Task Every_truncated_reply_is_the_end_of_the_stream()
    {
        byte[] bytes = Wire.Bytes(EveryKind);
        for (int length = 0; length < bytes.Length; length++)
            await Assert.ThrowsAsync<EndOfStreamException>(() => ReadAsync(bytes[..length], chunk: int.MaxValue));
    }

    [Fact]
    public async Task A_reply_larger_than_the_buffer_is_read_whole()
    {
        byte[] value = new byte[300_000];
        new Random(1).NextBytes(value);
        Assert.Equal(value, (await ReadAsync(Wire.Bulk(value), chunk: 7_000)).Bytes.ToArray());
    }

    [Theory]
    [InlineData("$2000000\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("*1000000000\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n")]
    [InlineData("$x\r\n")]
    [InlineData(":\r\n")]
    [InlineData("$1\r\nab\r\n")]
    [InlineData("\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    public async Task What_is_no_reply_or_too_large_is_refused(string text) =>
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(Wire.Bytes(text), chunk: int.MaxValue));

    [Fact]
    public async Task A_line_without_end_is_refused_before_it_fills_the_memory() =>
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(Wire.Bytes("+" + new string('a', 100_000)), chunk: int.MaxValue));

    [Fact]
    public async Task Many_small_elements_count_towards_the_limit()
    {
        byte[] reply = Wire.Array([.. Enumerable.Repeat(Wire.Bulk("0123456789"), 80_000)]);
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(reply, chunk: int.MaxValue));
    }

    private static async Task<ReplyNode> ReadAsync(byte[] bytes, int chunk)
    {
        using var stream = new ChunkedStream(bytes, chunk);
        return await new ReplyNodeReader(stream, 1 << 20).ReadAsync(TestContext.Current.CancellationToken);
    }

    private static string Describe(ReplyNode reply)
    {
        var text = new StringBuilder().Append(reply.Kind).Append('(').Append(reply.Text).Append(reply.Integer);
        foreach (ReplyNode item in reply.Items) text.Append(' ').Append(Describe(item));
        return text.Append(')').ToString();
    }

    /// <summary>Gives no more than so many bytes a read.</summary>
    private sealed class ChunkedStream(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
