using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class RequestReaderTests
{
    private static readonly string[][] Pipeline =
    [
        ["PING"],
        ["SET", "key", ""],
        ["SET", "", "a\r\n$3\r\nb"],
        ["MGET", "one", "two", "three", "*1\r\n", "\0\u00ff"],
        ["ECHO", new string('x', 130)],
    ];

    [Fact]
    public void A_request_split_at_any_byte_reads_the_same()
    {
        foreach (string[] request in Pipeline)
        {
            foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(Wire.Request(request)))
                Assert.Equal([request], ReadAll(pieces));
        }
    }

    [Fact]
    public void A_pipeline_split_at_any_byte_reads_the_same()
    {
        byte[] payload = [.. Pipeline.SelectMany(request => Wire.Request(request))];
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(payload))
            Assert.Equal(Pipeline, ReadAll(pieces));
    }

    [Fact]
    public void A_pipeline_of_arrays_lines_and_nothings_split_at_any_byte_reads_the_same()
    {
        byte[] payload = Wire.Bytes("\r\nPING\r\n*0\r\n*1\r\n$4\r\nECHO\r\n \n*-1\r\nget \"a b\"\n*-7\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\nquit\r\n");
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(payload))
            Assert.Equal([["PING"], ["ECHO"], ["get", "a b"], ["GET", ""], ["quit"]], ReadAll(pieces));
    }

    [Fact]
    public void No_strict_prefix_of_a_request_is_a_request_and_none_is_refused()
    {
        foreach (ReadOnlyMemory<byte> prefix in PayloadSplitter.Prefixes(Wire.Request("SET", "key", "value\r\n")))
        {
            ClientInput input = ClientInput.Of([prefix]);
            Assert.Empty(input.Requests);
            Assert.Null(input.Refusal);
            Assert.Equal(prefix.Length, input.Unread);
        }
    }

    [Theory]
    [InlineData("*0\r\n")]
    [InlineData("*-1\r\n")]
    [InlineData("*-999999999999999999\r\n")]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("  \t \r\n")]
    public void What_asks_for_nothing_is_dropped_and_the_next_request_read(string nothing)
    {
        var reader = new RequestReader();
        Assert.Equal(ReadStatus.Nothing, reader.Read(Wire.Bytes(nothing + "PING\r\n"), RequestLimits.Default, out int consumed));
        Assert.Equal(nothing.Length, consumed);
        Assert.Equal([["PING"]], ClientInput.Of(nothing + "PING\r\n").Requests);
    }

    [Fact]
    public void Needed_is_the_exact_end_of_a_payload_whose_length_is_known()
    {
        var reader = new RequestReader();
        Assert.Equal(ReadStatus.Incomplete, reader.Read("*2\r\n$3\r\nGET\r\n$1000\r\nab"u8, RequestLimits.Default, out _));
        Assert.Equal(4 + 9 + 7 + 1000 + 2, reader.Needed);
        Assert.True(reader.IsInsideFrame);
    }

    [Fact]
    public void Slots_tell_where_header_payload_and_end_of_each_argument_lie()
    {
        byte[] frame = Wire.Request("SET", "key", new string('v', 12));
        var reader = new RequestReader();
        reader.Read(frame, RequestLimits.Default, out int length);
        RequestView view = reader.View(frame, length);
        Assert.Equal(new ArgumentSlot(4, 8, 3), view.SlotOf(0));
        Assert.Equal(new ArgumentSlot(13, 17, 3), view.SlotOf(1));
        Assert.Equal(new ArgumentSlot(22, 27, 12), view.SlotOf(2));
        Assert.Equal(frame.Length, view.SlotOf(2).End);
    }

    [Fact]
    public void After_Reset_a_reader_reads_anew_whatever_it_was_in_the_middle_of()
    {
        var reader = new RequestReader();
        byte[] ping = Wire.Request("PING");
        foreach (string left in (string[])["*", "*2\r\n", "*2\r\n$3\r\nGET\r\n$100\r\nab", "PIN", "*x\r\n", "*1\r\n+", "*1\r\n$1\r\nabc", "a \"b\n", new string('a', 70_000)])
        {
            reader.Read(Wire.Bytes(left), RequestLimits.Default, out _);
            reader.Reset();
            Assert.False(reader.IsInsideFrame);
            Assert.Equal(ProtocolError.None, reader.Error);
            Assert.Equal(ReadStatus.Request, reader.Read(ping, RequestLimits.Default, out int length));
            Assert.Equal(ping.Length, length);
            Assert.Equal("PING", Wire.Text(reader.View(ping, length)[0]));
            Assert.Equal(1, reader.View(ping, length).Count);
        }
    }

    private static List<string[]> ReadAll(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        ClientInput input = ClientInput.Of(pieces);
        Assert.Null(input.Refusal);
        Assert.Equal(0, input.Unread);
        return input.Requests;
    }
}
