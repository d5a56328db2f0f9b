using FsCheck;
using FsCheck.Fluent;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Namespaces;

public class ReplyRewriterTests
{
    private const ReplyRule First = ReplyRule.StripFirstElement;
    private const ReplyRule Streams = ReplyRule.StripStreams;
    private const string Entries = "*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$8\r\nc@a:real\r\n";
    private static readonly KeyNamespace Ns = new("c@a");

    [Theory]
    [InlineData(First, "*2\r\n$7\r\nc@a:key\r\n*1\r\n$5\r\nc@a:v\r\n", "*2\r\n$3\r\nkey\r\n*1\r\n$5\r\nc@a:v\r\n")]
    [InlineData(First, "*3\r\n$4\r\nc@a:\r\n$1\r\nm\r\n,1.5\r\n", "*3\r\n$0\r\n\r\n$1\r\nm\r\n,1.5\r\n")]
    [InlineData(First, "*2\r\n$12\r\nc@a:c@a:keys\r\n:1\r\n", "*2\r\n$8\r\nc@a:keys\r\n:1\r\n")]
    [InlineData(First, "*2\r\n$10\r\nc@a:a\r\n\0bc\r\n:1\r\n", "*2\r\n$6\r\na\r\n\0bc\r\n:1\r\n")]
    [InlineData(Streams, "*1\r\n*2\r\n$5\r\nc@a:s\r\n" + Entries, "*1\r\n*2\r\n$1\r\ns\r\n" + Entries)]
    [InlineData(Streams, "*2\r\n*2\r\n$5\r\nc@a:s\r\n" + Entries + "*2\r\n$5\r\nc@a:t\r\n*0\r\n", "*2\r\n*2\r\n$1\r\ns\r\n" + Entries + "*2\r\n$1\r\nt\r\n*0\r\n")]
    [InlineData(Streams, "%2\r\n$5\r\nc@a:s\r\n" + Entries + "$5\r\nc@a:t\r\n*0\r\n", "%2\r\n$1\r\ns\r\n" + Entries + "$1\r\nt\r\n*0\r\n")]
    public void Keys_in_a_reply_lose_the_prefix_and_values_keep_what_looks_like_it(ReplyRule rule, string reply, string expected) =>
        Assert.Equal(expected, Write(reply, rule, Ns));

    [Theory]
    [InlineData(First)]
    [InlineData(Streams)]
    public void Nulls_empties_and_QUEUED_pass_as_they_are(ReplyRule rule)
    {
        foreach (string reply in (string[])["*-1\r\n", "$-1\r\n", "_\r\n", "*0\r\n", "+QUEUED\r\n"]) Assert.Equal(reply, Write(reply, rule, Ns));
        if (rule == Streams) Assert.Equal("%0\r\n", Write("%0\r\n", rule, Ns));
    }

    [Theory]
    [InlineData(ReplyRule.Verbatim, "!16\r\nERR of 'c@a:key'\r\n", "!12\r\nERR of 'key'\r\n")]
    [InlineData(ReplyRule.Verbatim, "!11\r\nERR c@a:k\r\n\r\n", "!7\r\nERR k\r\n\r\n")]
    [InlineData(First, "!9\r\nc@a:c@a:k\r\n", "!1\r\nk\r\n")]
    [InlineData(ReplyRule.StripStrings, "*3\r\n!10\r\nERR c@a:ab\r\n$5\r\nc@a:k\r\n!6\r\nERR no\r\n", "*3\r\n!6\r\nERR ab\r\n$1\r\nk\r\n!6\r\nERR no\r\n")]
    public void A_blob_error_loses_the_namespace_and_says_how_long_it_is_then(ReplyRule rule, string reply, string expected) =>
        Assert.Equal(expected, Write(reply, rule, Ns));

    [Theory]
    [InlineData(First, "*2\r\n$15\r\ncluster1@app10:\r\n*0\r\n")]
    [InlineData(First, "*2\r\n$14\r\ncluster1@app2:\r\n*0\r\n")]
    [InlineData(First, "*2\r\n$13\r\ncluster1@app1\r\n*0\r\n")]
    [InlineData(First, "*2\r\n$14\r\nCLUSTER1@app1:\r\n*0\r\n")]
    [InlineData(First, "*2\r\n$15\r\nxcluster1@app1:\r\n*0\r\n")]
    [InlineData(First, "*2\r\n$0\r\n\r\n*0\r\n")]
    [InlineData(First, "*2\r\n$-1\r\n*0\r\n")]
    [InlineData(First, "*2\r\n+cluster1@app1:k\r\n*0\r\n")]
    [InlineData(First, "*1\r\n*1\r\n$16\r\ncluster1@app10:k\r\n")]
    [InlineData(First, "$16\r\ncluster1@app10:k\r\n")]
    [InlineData(First, "|1\r\n+a\r\n+b\r\n*2\r\n$16\r\ncluster1@app10:k\r\n*0\r\n")]
    [InlineData(First, "%1\r\n$16\r\ncluster1@app10:k\r\n*0\r\n")]
    [InlineData(Streams, "*1\r\n*2\r\n$16\r\ncluster1@app10:k\r\n*0\r\n")]
    [InlineData(Streams, "%1\r\n$16\r\ncluster1@app10:k\r\n*0\r\n")]
    [InlineData(Streams, "*2\r\n*2\r\n$15\r\ncluster1@app1:k\r\n*0\r\n*2\r\n$16\r\ncluster1@app10:k\r\n*0\r\n")]
    [InlineData(Streams, "%2\r\n$15\r\ncluster1@app1:k\r\n*0\r\n$16\r\ncluster1@app10:k\r\n*0\r\n")]
    [InlineData(Streams, "*1\r\n*1\r\n$15\r\ncluster1@app1:k\r\n")]
    [InlineData(Streams, "*1\r\n*4\r\n$15\r\ncluster1@app1:k\r\n*0\r\n$16\r\ncluster1@app10:k\r\n*0\r\n")]
    [InlineData(Streams, "*1\r\n$15\r\ncluster1@app1:k\r\n")]
    [InlineData(Streams, "*1\r\n*0\r\n")]
    [InlineData(Streams, "~1\r\n$16\r\ncluster1@app10:k\r\n")]
    public void A_reply_that_names_a_key_of_a_look_alike_or_has_another_shape_is_withheld(ReplyRule rule, string reply)
    {
        var scanner = default(ReplyScanner);
        Assert.Equal(ScanStatus.Complete, scanner.Scan(Wire.Bytes(reply), out _));
        Assert.Null(Write(reply, rule, new KeyNamespace("cluster1@app1")));
    }

    [Theory]
    [InlineData("-ERR no such key 'c@a:k'\r\n", "-ERR no such key 'k'\r\n")]
    [InlineData("-ERR c@a:a and c@a:c@a:b, c@a:\r\n", "-ERR a and b, \r\n")]
    [InlineData("-c@a:x\r\n", "-x\r\n")]
    [InlineData("-ERR c@aa: c@b: c@a\r\n", "-ERR c@aa: c@b: c@a\r\n")]
    [InlineData("-ERR nothing of it\r\n", "-ERR nothing of it\r\n")]
    public void An_error_loses_the_namespace_wherever_it_quotes_it_whatever_the_rule(string reply, string expected)
    {
        foreach (ReplyRule rule in (ReplyRule[])[ReplyRule.Verbatim, First, Streams]) Assert.Equal(expected, Write(reply, rule, Ns));
        Assert.True(reply == expected || ReplyRewriter.QuotesNamespace(Wire.Bytes(reply), Ns));
    }

    [Theory]
    [InlineData(KeyPlacement.Spread, "-ERR 'c@a/3:k' and 'c@a:l' and {c@a:m}\r\n", "-ERR 'k' and 'l' and {m}\r\n")]
    [InlineData(KeyPlacement.Spread, "-ERR c@a/:k c@a/x:k c@a/3k c@a3:k\r\n", "-ERR c@a/:k c@a/x:k c@a/3k c@a3:k\r\n")]
    [InlineData(KeyPlacement.Pinned, "-ERR '{c@a}:k' and {c@a}/12:l, c@a:channel\r\n", "-ERR 'k' and l, channel\r\n")]
    [InlineData(KeyPlacement.Tagged, "-NOGROUP No such key '{c@a:t}{3}p{}s' or consumer group 'g'\r\n", "-NOGROUP No such key 'p{t}s' or consumer group 'g'\r\n")]
    [InlineData(KeyPlacement.Tagged, "-ERR '{c@a:k}{3}'\r\n", "-ERR 'k'\r\n")]
    [InlineData(KeyPlacement.Tagged, "-ERR {c@a:t}{3}p{}s c@a:channel\r\n", "-ERR t}{3}p{}s channel\r\n")]
    [InlineData(KeyPlacement.Tagged, "-ERR '{c@a:t\r\n", "-ERR 't\r\n")]
    [InlineData(KeyPlacement.Tagged, "-ERR '{c@a:t}' '{c@a:u}{3}'\r\n", "-ERR 't}' 'u'\r\n")]
    [InlineData(KeyPlacement.Tagged, "-{c@a:k\r\n", "-k\r\n")]
    public void An_error_loses_the_namespace_in_every_form_and_database(KeyPlacement placement, string reply, string expected) =>
        Assert.Equal(expected, Write(reply, ReplyRule.Verbatim, new KeyNamespace("c@a", placement, 3)));

    [Theory]
    [InlineData("*2\r\n$17\r\n{c@a:t}{3}p{}s{}x\r\n:1\r\n", "*2\r\n$8\r\np{t}s{}x\r\n:1\r\n")]
    [InlineData("*2\r\n$14\r\n{c@a:lock1}{3}\r\n:1\r\n", "*2\r\n$5\r\nlock1\r\n:1\r\n")]
    [InlineData("*2\r\n$10\r\n{c@a:lock}\r\n:1\r\n", null)]
    [InlineData("*2\r\n$14\r\n{c@a:lock}{30}\r\n:1\r\n", null)]
    [InlineData("*2\r\n$13\r\n{c@b:lock}{3}\r\n:1\r\n", null)]
    [InlineData("*2\r\n$12\r\nc@a:lock}{3}\r\n:1\r\n", null)]
    [InlineData("*2\r\n$15\r\n{c@a:lock}{3}ps\r\n:1\r\n", null)]
    public void A_tagged_key_comes_back_whole_and_one_of_another_database_is_withheld(string reply, string? expected) =>
        Assert.Equal(expected, Write(reply, First, new KeyNamespace("c@a", KeyPlacement.Tagged, 3)));

    [Theory]
    [InlineData("-ERR no such key\r\n", ":0\r\n")]
    [InlineData(":1\r\n", ":1\r\n")]
    [InlineData("-WRONGTYPE c@a:k\r\n", "-WRONGTYPE k\r\n")]
    public void A_MOVE_of_no_key_is_no_error(string reply, string expected)
    {
        Assert.Equal(expected, Write(reply, ReplyRule.Moved, Ns));
        if (reply[0] == '-') Assert.Equal(reply.Replace("c@a:", "", StringComparison.Ordinal), Write(reply, ReplyRule.Verbatim, Ns));
    }

    [Theory]
    [InlineData("$7\r\nc@a:key\r\n")]
    [InlineData("*2\r\n$7\r\nc@a:key\r\n$1\r\nx\r\n")]
    [InlineData("+c@a:key\r\n")]
    public void Values_of_a_verbatim_reply_keep_what_looks_like_the_prefix(string reply) =>
        Assert.Equal(reply, Write(reply, ReplyRule.Verbatim, Ns));

    [Fact]
    public void Keys_of_any_length_are_stripped_right_across_digit_boundaries() =>
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Keys().NonEmptyListOf().ToArbitrary(), Gen.Choose(3, 128).ToArbitrary(), (keys, nameLength) =>
        {
            var ns = new KeyNamespace("c@" + new string('a', nameLength - 2));
            string Stream(string key) => Wire.Text(Wire.Bulk(key)) + Entries;
            string arrays = $"*{keys.Count}\r\n" + string.Concat(keys.Select(key => "*2\r\n" + Stream($"{ns.Name}:{key}")));
            string maps = $"%{keys.Count}\r\n" + string.Concat(keys.Select(key => Stream($"{ns.Name}:{key}")));
            Assert.Equal($"*{keys.Count}\r\n" + string.Concat(keys.Select(key => "*2\r\n" + Stream(key))), Write(arrays, Streams, ns));
            Assert.Equal($"%{keys.Count}\r\n" + string.Concat(keys.Select(Stream)), Write(maps, Streams, ns));
            Assert.Equal("*2\r\n" + Stream(keys[0]), Write("*2\r\n" + Stream($"{ns.Name}:{keys[0]}"), First, ns));
        }));

    [Fact]
    public void The_withheld_text_is_one_whole_error_reply()
    {
        var scanner = default(ReplyScanner);
        Assert.Equal(ScanStatus.Complete, scanner.Scan(ReplyRewriter.Withheld, out int length));
        Assert.Equal(ReplyRewriter.Withheld.Length, length);
        Assert.StartsWith("-ERR ", Wire.Text(ReplyRewriter.Withheld), StringComparison.Ordinal);
    }

    [Fact]
    public void Rewriting_allocates_nothing()
    {
        byte[] reply = Wire.Bytes("*1\r\n*2\r\n$5\r\nc@a:s\r\n" + Entries);
        byte[] error = Wire.Bytes("-ERR c@a:s\r\n");
        byte[] destination = new byte[reply.Length];
        ReplyRewriter.Write(reply, Streams, Ns, destination);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int length = ReplyRewriter.Write(reply, Streams, Ns, destination);
        length += ReplyRewriter.Write(error, Streams, Ns, destination);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(reply.Length + error.Length - 8, length);
    }

    private static Gen<string> Keys() =>
        from boundary in Gen.Elements(0, 2, 10, 100, 1000) from offset in Gen.Choose(-2, 2) select new string('k', Math.Max(0, boundary + offset));

    /// <summary>What the client gets; null when withheld. The destination is as long as the reply and not longer.</summary>
    private static string? Write(string reply, ReplyRule rule, KeyNamespace ns)
    {
        byte[] bytes = Wire.Bytes(reply);
        byte[] destination = new byte[bytes.Length];
        int length = ReplyRewriter.Write(bytes, rule, ns, destination);
        return length < 0 ? null : Wire.Text(destination.AsSpan(0, length));
    }
}
