using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class ReplyScannerTests
{
    public static TheoryData<string> Replies { get; } =
    [
        "+OK\r\n", "+\r\n", "+a\rb\r\n",
        "-ERR something\r\n", ":0\r\n", ":-9223372036854775808\r\n",
        "$0\r\n\r\n", "$5\r\na\r\nb\n\r\n", "$-1\r\n", "$12\r\n+OK\r\n*3\r\n$-1\r\n", "*-1\r\n", "*0\r\n",
        "*2\r\n$1\r\na\r\n:1\r\n", "*3\r\n*0\r\n*-1\r\n*2\r\n+a\r\n*1\r\n$-1\r\n",
        "_\r\n", "#t\r\n", "#f\r\n", ",3.14\r\n", ",inf\r\n", ",-inf\r\n", ",nan\r\n", ",1e-7\r\n",
        "(3492890328409238509324850943850943825024385\r\n", "!21\r\nSYNTAX invalid syntax\r\n", "=15\r\ntxt:Some string\r\n",
        "%0\r\n", "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n", "~0\r\n", "~3\r\n+a\r\n#t\r\n~1\r\n:1\r\n",
        ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n",
        "|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n",
        "|0\r\n+v\r\n",
        "*2\r\n|1\r\n+a\r\n%1\r\n+b\r\n~1\r\n+c\r\n:1\r\n|2\r\n+a\r\n+b\r\n+c\r\n+d\r\n:2\r\n",
        "|1\r\n+a\r\n+b\r\n|1\r\n+c\r\n+d\r\n*1\r\n+e\r\n",
        "%1\r\n%1\r\n+a\r\n+b\r\n*2\r\n$-1\r\n!3\r\nERR\r\n",
    ];

    [Theory]
    [MemberData(nameof(Replies))]
    public void A_reply_split_at_any_byte_ends_at_the_same_place(string reply)
    {
        byte[] payload = Wire.Bytes(reply);
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(payload))
            Assert.Equal([reply.Length], NodeInput.Of(pieces).Lengths);
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public void What_follows_a_reply_is_not_part_of_it(string reply)
    {
        foreach (string next in (string[])["\r\n", "x", "+OK\r\n", reply])
        {
            var scanner = default(ReplyScanner);
            Assert.Equal(ScanStatus.Complete, scanner.Scan(Wire.Bytes(reply + next), out int length));
            Assert.Equal(reply.Length, length);
        }
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public void A_reply_taken_away_in_parts_is_the_same_reply_wherever_it_is_split(string reply)
    {
        byte[] payload = Wire.Bytes(reply);
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(payload))
        {
            var input = new NodeInput { TakesParts = true };
            foreach (ReadOnlyMemory<byte> piece in pieces) input.Arrive(piece.Span);
            Assert.Equal(reply, Wire.Text([.. input.Taken]));
            Assert.Single(input.Lengths);
            Assert.Equal(0, input.Unread);
        }
    }

    [Fact]
    public void Of_a_string_all_that_has_come_is_taken_but_never_a_half_of_its_line_end()
    {
        var scanner = default(ReplyScanner);
        Assert.Equal(ScanStatus.Incomplete, scanner.Scan("*2\r\n+a\r\n$10\r\nabc"u8, out _));
        Assert.Equal("*2\r\n+a\r\n$10\r\nabc".Length, scanner.TakePart("*2\r\n+a\r\n$10\r\nabc"u8));
        Assert.Equal(ScanStatus.Incomplete, scanner.Scan("defghij\r"u8, out _));
        Assert.Equal(7, scanner.TakePart("defghij\r"u8));
        Assert.Equal(ScanStatus.Complete, scanner.Scan("\r\n+next"u8, out int length));
        Assert.Equal(2, length);
    }

    [Theory]
    [InlineData("$4\r\nab", "cd\n\n")]
    [InlineData("$4\r\nab", "cdef")]
    [InlineData("*2\r\n$1\r\na", "\r\nx")]
    public void What_is_no_reply_is_invalid_when_the_wrong_byte_comes_after_a_part_was_taken(string first, string rest)
    {
        var input = new NodeInput { TakesParts = true };
        input.Arrive(Wire.Bytes(first));
        Assert.False(input.IsInvalid);
        input.Arrive(Wire.Bytes(rest));
        Assert.True(input.IsInvalid);
    }

    [Fact]
    public void A_stream_of_replies_split_at_any_byte_ends_at_the_same_places()
    {
        string[] replies = [.. Replies.Select(row => row.Data)];
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(Wire.Bytes(string.Concat(replies))))
            Assert.Equal(replies.Select(reply => reply.Length), NodeInput.Of(pieces).Lengths);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("\r\n")]
    [InlineData("\0")]
    [InlineData("$x\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$+1\r\na\r\n")]
    [InlineData("$01\r\na\r\n")]
    [InlineData("$1\r\nabc")]
    [InlineData("$1\r\na\n\n")]
    [InlineData("$1\na\n")]
    [InlineData("$?\r\n")]
    [InlineData("*?\r\n")]
    [InlineData("*x\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*2147483648\r\n")]
    [InlineData("%-1\r\n")]
    [InlineData("~-1\r\n")]
    [InlineData(">-1\r\n")]
    [InlineData("|-1\r\n")]
    [InlineData("+a\n")]
    [InlineData("+\n")]
    [InlineData(":1\n")]
    [InlineData("*1\r\n?")]
    [InlineData("*2\r\n$1\r\na\r\n\r\n")]
    [InlineData("$2147483647\r\n")]
    [InlineData("$999999999999999999\r\n")]
    [InlineData(".\r\n")]
    public void What_is_no_reply_is_invalid_however_it_arrives(string garbage)
    {
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(Wire.Bytes(garbage)))
            Assert.True(NodeInput.Of(pieces).IsInvalid, $"taken in {pieces.Count} pieces");
    }

    [Theory]
    [InlineData("*1\r\n")]
    [InlineData("%1\r\n+key\r\n")]
    [InlineData("*1\r\n~1\r\n>1\r\n|1\r\n+a\r\n+b\r\n")]
    public void A_reply_100000_levels_deep_is_scanned_in_constant_memory(string level)
    {
        byte[] reply = Wire.Bytes(string.Concat(Enumerable.Repeat(level, 100_000)) + "+end\r\n");
        default(ReplyScanner).Scan("*1\r\n+a\r\n"u8, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var scanner = default(ReplyScanner);
        ScanStatus status = scanner.Scan(reply, out int length);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(ScanStatus.Complete, status);
        Assert.Equal(reply.Length, length);
    }

    [Fact]
    public void Claims_of_elements_upon_elements_do_not_overflow()
    {
        var scanner = default(ReplyScanner);
        byte[] claims = Wire.Bytes(string.Concat(Enumerable.Repeat("%2147483647\r\n", 10_000)));
        Assert.Equal(ScanStatus.Incomplete, scanner.Scan(claims, out _));
    }

    [Fact]
    public void Needed_is_the_exact_end_of_a_payload_whose_length_is_known()
    {
        var scanner = default(ReplyScanner);
        Assert.Equal(ScanStatus.Incomplete, scanner.Scan("*2\r\n+a\r\n$1000\r\nabc"u8, out _));
        Assert.Equal(4 + 4 + 7 + 1000 + 2, scanner.Needed);
        Assert.Equal(ScanStatus.Incomplete, default(ReplyScanner).Scan("*2\r\n+a\r\n"u8, out _));
    }

    /// <summary>Elements that are whole are overwritten before the next byte arrives: a scanner that looked back would find garbage.</summary>
    [Fact]
    public void A_reply_that_drips_in_byte_by_byte_is_scanned_once()
    {
        const int Count = 20_000;
        const string Element = "$3\r\nabc\r\n";
        byte[] reply = Wire.Bytes($"*{Count}\r\n" + string.Concat(Enumerable.Repeat(Element, Count)));
        int header = reply.Length - (Count * Element.Length);
        var scanner = default(ReplyScanner);
        for (int arrived = 1; arrived < reply.Length; arrived++)
        {
            Assert.Equal(ScanStatus.Incomplete, scanner.Scan(reply.AsSpan(0, arrived), out _));
            if (arrived < header) continue;
            int whole = header + ((arrived - header) / Element.Length * Element.Length);
            reply.AsSpan(Math.Max(0, whole - Element.Length), Math.Min(Element.Length, whole)).Fill((byte)'#');
        }

        Assert.Equal(ScanStatus.Complete, scanner.Scan(reply, out int length));
        Assert.Equal(reply.Length, length);
    }

    [Fact]
    public void Scanning_allocates_nothing()
    {
        byte[] replies = Wire.Bytes(string.Concat(Replies.Select(row => row.Data)));
        var scanner = default(ReplyScanner);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = 0;
        for (int at = 0; at < replies.Length; at += Next(ref scanner, replies.AsSpan(at))) count++;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(Replies.Count, count);
    }

    private static int Next(ref ReplyScanner scanner, ReadOnlySpan<byte> input)
    {
        scanner.Scan(input[..(input.Length / 2)], out int length);
        return length > 0 || scanner.Scan(input, out length) == ScanStatus.Complete ? length : int.MaxValue / 2;
    }
}
