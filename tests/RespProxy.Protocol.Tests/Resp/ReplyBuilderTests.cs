using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.LocalCluster;
using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class ReplyBuilderTests
{
    [Theory]
    [InlineData(false, "*9\r\n+OK\r\n-ERR no\r\n:-5\r\n$2\r\n\0\r\r\n$2\r\n\u00c3\u00a9\r\n$2\r\nhi\r\n$-1\r\n*-1\r\n*4\r\n+a\r\n+b\r\n+c\r\n*1\r\n+d\r\n")]
    [InlineData(true, "*9\r\n+OK\r\n-ERR no\r\n:-5\r\n$2\r\n\0\r\r\n$2\r\n\u00c3\u00a9\r\n=6\r\ntxt:hi\r\n_\r\n_\r\n%2\r\n+a\r\n+b\r\n+c\r\n~1\r\n+d\r\n")]
    public void Each_form_is_written_in_the_protocol_version_of_the_client(bool resp3, string expected)
    {
        ReplyBuilder builder = new ReplyBuilder().Start(resp3)
            .Array(9).Simple("OK"u8).Error("ERR no").Integer(-5).Bulk("\0\r"u8).Bulk("é").Text("hi").Null().NullArray()
            .Map(2).Simple("a"u8).Simple("b"u8).Simple("c"u8).Set(1).Simple("d"u8);
        Assert.Equal(expected, Wire.Text(builder.Written));
    }

    [Fact]
    public void A_line_break_in_an_error_cannot_forge_a_second_reply()
    {
        ReplyBuilder builder = new ReplyBuilder().Start(false).Error("ERR a\r\n+OK\r\n").Error("\n"u8);
        Assert.Equal("-ERR a  +OK  \r\n- \r\n", Wire.Text(builder.Written));
    }

    [Fact]
    public void An_error_text_longer_than_the_scratch_is_written_whole()
    {
        string text = "ERR " + new string('é', 1_000);
        byte[] expected = System.Text.Encoding.UTF8.GetBytes($"-{text}\r\n");
        Assert.Equal(expected, new ReplyBuilder().Start(false).Error(text).Written.ToArray());
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(0)]
    public void The_longest_integers_fit_at_the_very_end_of_the_scratch(long value)
    {
        for (int filled = 480; filled <= 512; filled++)
        {
            var builder = new ReplyBuilder();
            builder.Start(false).Raw(new byte[filled]).Integer(value);
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $":{value}\r\n"), Wire.Text(builder.Written[filled..]));
        }
    }

    [Fact]
    public void What_is_built_of_any_values_is_parsed_as_the_same_values_by_an_independent_parser() =>
        Prop.ForAll<byte[][], string[], (long Number, bool Resp3)>((payloads, texts, rest) =>
        {
            (long number, bool resp3) = rest;
            string[] known = [.. texts.Where(text => text is not null)];
            ReplyBuilder builder = new ReplyBuilder().Start(resp3).Array(payloads.Length + known.Length + 2);
            foreach (byte[] payload in payloads) builder.Bulk(payload);
            foreach (string text in known) builder.Text(text);
            builder.Integer(number).Null();

            Assert.True(RedisReplyParser.TryParse(builder.Written, out RedisReply reply, out int consumed));
            Assert.Equal(builder.Written.Length, consumed);
            Assert.Equal(payloads, reply.Items.Take(payloads.Length).Select(item => item.Bytes.ToArray()));
            IEnumerable<string> expected = known.Select(text => (resp3 ? "txt:" : "") + Wire.Text(System.Text.Encoding.UTF8.GetBytes(text)));
            Assert.Equal(expected, reply.Items.Skip(payloads.Length).Take(known.Length).Select(item => item.Text));
            Assert.Equal(number, reply.Items[^2].Integer);
            Assert.True(reply.Items[^1].IsNull);
            var scanner = default(ReplyScanner);
            Assert.Equal(ScanStatus.Complete, scanner.Scan(builder.Written, out int scanned));
            Assert.Equal(consumed, scanned);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Building_allocates_nothing_once_the_scratch_is_large_enough()
    {
        var builder = new ReplyBuilder();
        Build(builder);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int length = Build(builder);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(length > 2_000);
    }

    [Fact]
    public void Start_forgets_what_was_written_even_when_it_was_much()
    {
        var builder = new ReplyBuilder();
        builder.Start(false).Bulk(new byte[100_000]);
        Assert.Equal("+OK\r\n", Wire.Text(builder.Start(false).Simple("OK"u8).Written));
    }

    private static int Build(ReplyBuilder builder)
    {
        builder.Start(true).Map(100);
        for (int i = 0; i < 100; i++) builder.Bulk("name").Text("value").Integer(i);
        return builder.Error("ERR some text").Error("ERR other"u8).Null().Set(0).Written.Length;
    }
}
