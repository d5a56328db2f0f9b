using FsCheck;
using FsCheck.Fluent;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Namespaces;

public class RequestRewriterTests
{
    private static readonly KeyNamespace Ns = new("cluster1@app1");

    /// <summary>A word that begins with <c>@</c> is a key; the rest must reach the node as it came.</summary>
    [Theory]
    [InlineData("GET @k")]
    [InlineData("get @")]
    [InlineData("SET @k k EX 10")]
    [InlineData("PING")]
    [InlineData("MGET @a @b @c")]
    [InlineData("DEL @a @a")]
    [InlineData("MSET @a 1 @b 2")]
    [InlineData("MSETNX @a b @c d")]
    [InlineData("RENAME @a @b")]
    [InlineData("LMOVE @a @b LEFT RIGHT")]
    [InlineData("BITOP AND @d @a @b")]
    [InlineData("PFMERGE @d @a @b")]
    [InlineData("COPY @a @b REPLACE")]
    [InlineData("SINTERCARD 2 @a @b LIMIT 2")]
    [InlineData("ZUNIONSTORE @d 2 @a @b WEIGHTS 1 2")]
    [InlineData("ZUNION 2 @a @b WITHSCORES")]
    [InlineData("LMPOP 2 @a @b LEFT")]
    [InlineData("SORT @a LIMIT 0 1 STORE @b ALPHA")]
    [InlineData("GEORADIUS @a 1 2 3 km STORE @b")]
    [InlineData("GEOSEARCHSTORE @d @a FROMMEMBER m BYRADIUS 1 km")]
    [InlineData("XREAD COUNT 2 STREAMS @a @b 0 0")]
    [InlineData("XREADGROUP GROUP STREAMS STREAMS COUNT 1 STREAMS @a >")]
    [InlineData("XGROUP CREATE @a group 0")]
    [InlineData("XINFO STREAM @a")]
    [InlineData("OBJECT ENCODING @a")]
    [InlineData("MEMORY USAGE @a SAMPLES 0")]
    [InlineData("LCS @a @b LEN")]
    [InlineData("SMOVE @a @b member")]
    public void Exactly_the_keys_get_the_prefix(string words)
    {
        string[] marked = words.Split(' ');
        byte[] frame = Wire.Request([.. marked.Select(word => word.StartsWith('@') ? word[1..] : word)]);
        byte[] expected = Wire.Request([.. marked.Select(word => word.StartsWith('@') ? "cluster1@app1:" + word[1..] : word)]);
        Assert.Equal(Wire.Text(expected), Wire.Text(Rewrite(frame, Ns)));
    }

    [Fact]
    public void An_inline_request_is_rewritten_as_the_array_it_stands_for() =>
        Assert.Equal(Wire.Text(Wire.Request("SET", "cluster1@app1:a b", "c")), Wire.Text(Rewrite(Wire.Bytes("SET \"a b\" c\r\n"), Ns)));

    /// <summary>Where header digits grow, at key lengths about a power of ten with or without the prefix, the bound must hold to the byte.</summary>
    [Fact]
    public void MaxLength_holds_for_keys_of_any_length_and_any_namespace() =>
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Lengths().NonEmptyListOf().ToArbitrary(), Gen.Choose(3, 128).ToArbitrary(), (offsets, nameLength) =>
        {
            var ns = new KeyNamespace("c@" + new string('a', nameLength - 2));
            string[] keys = [.. offsets.Take(8).Select((length, i) => new string((char)('a' + i), Math.Max(0, length.BelowPrefix ? length.Bytes - ns.Growth : length.Bytes)))];
            byte[] frame = Wire.Request(["MGET", .. keys]);
            byte[] written = Rewrite(frame, ns);
            Assert.Equal(Wire.Request(["MGET", .. keys.Select(key => $"{ns.Name}:{key}")]), written);
            Assert.InRange(written.Length, frame.Length, MaxLength(frame, ns));
        }));

    [Theory]
    [InlineData(KeyPlacement.Spread, 3, "MGET a {t}b", "MGET cluster1@app1/3:a cluster1@app1/3:{t}b")]
    [InlineData(KeyPlacement.Pinned, 0, "MGET a {t}b", "MGET {cluster1@app1}:a {cluster1@app1}:{t}b")]
    [InlineData(KeyPlacement.Pinned, 12, "LMOVE a b LEFT RIGHT", "LMOVE {cluster1@app1}/12:a {cluster1@app1}/12:b LEFT RIGHT")]
    [InlineData(KeyPlacement.Tagged, 0, "MGET a p{t}s x} GET", "MGET {cluster1@app1:a} {cluster1@app1:t}p{}s {cluster1@app1:}x} {cluster1@app1:GET}")]
    [InlineData(KeyPlacement.Tagged, 3, "SET p{t}s p{t}s", "SET {cluster1@app1:t}{3}p{}s p{t}s")]
    public void Keys_are_written_as_the_placement_and_the_database_have_them(KeyPlacement placement, int database, string request, string expected) =>
        Assert.Equal(Wire.Text(Wire.Request(expected.Split(' '))), Wire.Text(Rewrite(Wire.Request(request.Split(' ')), new KeyNamespace("cluster1@app1", placement, database))));

    [Theory]
    [InlineData(KeyPlacement.Spread, "SORT k BY w_* GET # GET d_*->f STORE s", "SORT c@a:k BY c@a:w_* GET # GET c@a:d_*->f STORE c@a:s")]
    [InlineData(KeyPlacement.Spread, "SORT k STORE s GET d_* BY nosort", "SORT c@a:k STORE c@a:s GET c@a:d_* BY nosort")]
    [InlineData(KeyPlacement.Spread, "SORT_RO GET GET GET BY BY* LIMIT 0 1", "SORT_RO c@a:GET GET c@a:GET BY c@a:BY* LIMIT 0 1")]
    [InlineData(KeyPlacement.Pinned, "SORT k BY {x}w_* GET *", "SORT {c@a}:k BY {c@a}:{x}w_* GET {c@a}:*")]
    [InlineData(KeyPlacement.Tagged, "SORT {t}k BY {t}w_* GET p{t}*->f GET fixed", "SORT {c@a:t}{}k BY {c@a:t}{}w_* GET {c@a:t}p{}*->f GET {c@a:fixed}")]
    public void The_patterns_of_a_sort_are_written_into_the_namespace(KeyPlacement placement, string request, string expected) =>
        Assert.Equal(Wire.Text(Wire.Request(expected.Split(' '))), Wire.Text(Rewrite(Wire.Request(request.Split(' ')), new KeyNamespace("c@a", placement))));

    [Theory]
    [InlineData("w_*")]
    [InlineData("*")]
    [InlineData("*{t}")]
    [InlineData("{*}")]
    [InlineData("{t*}")]
    [InlineData("{}*{t}")]
    [InlineData("x}*")]
    public void A_pattern_whose_tag_depends_on_the_element_has_no_tagged_form(string pattern)
    {
        var tagged = new KeyNamespace("c@a", KeyPlacement.Tagged);
        Assert.False(SortPattern.CanBeWritten(Wire.Bytes(pattern), tagged));
        Assert.Throws<InvalidOperationException>(() => Rewrite(Wire.Request("SORT", "k", "BY", "w*", "GET", pattern), tagged));
        Assert.True(SortPattern.CanBeWritten(Wire.Bytes(pattern), new KeyNamespace("c@a", KeyPlacement.Pinned)));
    }

    /// <summary>For every element, the key that the node makes of the written pattern is the one that the client means.</summary>
    [Fact]
    public void A_pattern_and_an_element_give_the_name_of_the_key_they_mean()
    {
        foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
        {
            var ns = new KeyNamespace("c@a", placement, 2);
            foreach (string pattern in KeyNamespaceTests.AllTexts("{}*t", 6).Where(text => text.Contains('*', StringComparison.Ordinal)))
            {
                if (!SortPattern.CanBeWritten(Wire.Bytes(pattern), ns)) continue;
                string written = Wire.Text(ns.Encode(Wire.Bytes(pattern)));
                foreach (string element in (string[])["", "e", "{", "}", "{e}", "}{e}", "*"])
                    Assert.Equal(Wire.Text(ns.Encode(Wire.Bytes(Substitute(pattern, element)))), Substitute(written, element));
            }
        }
    }

    private static string Substitute(string pattern, string element)
    {
        int star = pattern.IndexOf('*', StringComparison.Ordinal);
        return pattern[..star] + element + pattern[(star + 1)..];
    }

    [Theory]
    [InlineData(KeyPlacement.Spread, "MOVE k 2", "RENAMENX c@a:k c@a/2:k")]
    [InlineData(KeyPlacement.Pinned, "move k 2", "RENAMENX {c@a}:k {c@a}/2:k")]
    [InlineData(KeyPlacement.Tagged, "MOVE {t}k 2", "RENAMENX {c@a:t}{}k {c@a:t}{2}{}k")]
    [InlineData(KeyPlacement.Spread, "COPY k l DB 2", "COPY c@a:k c@a/2:l")]
    [InlineData(KeyPlacement.Spread, "COPY k l DB 1 replace DB 2", "COPY c@a:k c@a/2:l REPLACE")]
    [InlineData(KeyPlacement.Spread, "COPY k replace DB 2", "COPY c@a:k c@a/2:replace")]
    [InlineData(KeyPlacement.Spread, "COPY k l DB replace DB 2", "COPY c@a:k c@a/2:l")]
    public void A_key_is_taken_to_another_database_by_its_names(KeyPlacement placement, string words, string expected)
    {
        byte[] frame = Wire.Request(words.Split(' '));
        var reader = new RequestReader();
        reader.Read(frame, RequestLimits.Default, out int length);
        RequestView view = reader.View(frame, length);
        CommandSpec spec = CommandTable.Find(view[0])!;
        var keys = new KeyIndexes();
        Assert.Equal(KeyExtraction.Found, KeyExtractor.Extract(view, spec, keys, out _));
        Assert.NotEqual(0, keys.DatabaseArgument);
        var from = new KeyNamespace("c@a", placement);
        Assert.Equal(Wire.Text(Wire.Request(expected.Split(' '))), Wire.Text(DatabaseRewriter.Write(view, spec, from, new KeyNamespace("c@a", placement, 2))));
        byte[] destination = new byte[RequestRewriter.MaxLength(frame.Length, keys, from)];
        Assert.Throws<InvalidOperationException>(() => RequestRewriter.Write(reader.View(frame, length), keys, from, destination));
    }

    [Theory]
    [InlineData(1, new[] { 1, 3 }, "MGET", "a", "b", "c", "d")]
    [InlineData(1, new[] { 4 }, "DEL", "a", "b", "", "d")]
    [InlineData(2, new[] { 1, 5 }, "MSET", "a", "1", "b", "2", "c", "3")]
    [InlineData(2, new[] { 3 }, "mset", "a", "", "b", "\r\n")]
    public void A_part_of_a_split_request_has_the_name_and_its_own_keys_alone(int stride, int[] keys, params string[] request)
    {
        byte[] frame = Wire.Request(request);
        IEnumerable<string> arguments = keys.SelectMany(key => request[(key + 1)..(key + stride)].Prepend(Ns.Name + ":" + request[key]));
        Assert.Equal(Wire.Text(Wire.Request([request[0], .. arguments])), Wire.Text(WritePart(frame, keys, stride, Ns)));
    }

    [Fact]
    public void The_parts_of_any_split_hold_to_their_bound_and_every_key_once() =>
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Lengths().NonEmptyListOf().ToArbitrary(), Gen.Choose(1, 2).ToArbitrary(), Gen.Choose(2, 5).ToArbitrary(), (lengths, stride, parts) =>
        {
            string[] arguments = [.. lengths.Take(20).SelectMany(length => Enumerable.Repeat(new string('k', length.Bytes), stride))];
            byte[] frame = Wire.Request(["CMD", .. arguments]);
            foreach (IGrouping<int, int> part in Enumerable.Range(0, arguments.Length / stride).Select(i => 1 + (i * stride)).GroupBy(i => i % parts))
            {
                IEnumerable<string> expected = part.SelectMany(key => arguments[key..(key + stride - 1)].Prepend(Ns.Name + ":" + arguments[key - 1]));
                Assert.Equal(Wire.Request(["CMD", .. expected]), WritePart(frame, [.. part], stride, Ns));
            }
        }));

    [Fact]
    public void Rewriting_allocates_nothing()
    {
        byte[] frame = Wire.Request("MSET", "a", "1", "b", "2");
        var reader = new RequestReader();
        reader.Read(frame, RequestLimits.Default, out int length);
        var keys = new KeyIndexes();
        CommandSpec spec = CommandTable.Find("MSET"u8)!;
        byte[] destination = new byte[200];
        KeyExtractor.Extract(reader.View(frame, length), spec, keys, out _);
        RequestRewriter.Write(reader.View(frame, length), keys, Ns, destination);
        long before = GC.GetAllocatedBytesForCurrentThread();
        KeyExtractor.Extract(reader.View(frame, length), spec, keys, out _);
        int written = RequestRewriter.Write(reader.View(frame, length), keys, Ns, destination);
        written += RequestRewriter.WritePart(reader.View(frame, length), keys.Items, 2, Ns, destination);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(written > 2 * frame.Length);
    }

    private static Gen<(int Bytes, bool BelowPrefix)> Lengths() =>
        from boundary in Gen.Elements(0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10_000)
        from offset in Gen.Choose(-2, 2)
        from belowPrefix in Gen.Elements(false, true)
        select (Math.Max(0, boundary + offset), belowPrefix);

    /// <summary>Reads, extracts and rewrites; the destination has not a byte more than MaxLength says.</summary>
    private static byte[] Rewrite(byte[] input, KeyNamespace ns)
    {
        var reader = new RequestReader();
        Assert.Equal(ReadStatus.Request, reader.Read(input, RequestLimits.Default, out int length));
        RequestView view = reader.View(input, length);
        CommandSpec spec = CommandTable.Find(view[0])!;
        if (spec.IsContainer) spec = CommandTable.FindSubcommand(spec, view[1])!;
        var keys = new KeyIndexes();
        Assert.Equal(KeyExtraction.Found, KeyExtractor.Extract(view, spec, keys, out _));
        byte[] destination = new byte[RequestRewriter.MaxLength(view.Frame.Length, keys, ns)];
        return destination[..RequestRewriter.Write(view, keys, ns, destination)];
    }

    private static int MaxLength(byte[] frame, KeyNamespace ns)
    {
        var reader = new RequestReader();
        reader.Read(frame, RequestLimits.Default, out int length);
        RequestView view = reader.View(frame, length);
        var keys = new KeyIndexes();
        KeyExtractor.Extract(view, CommandTable.Find(view[0])!, keys, out _);
        return RequestRewriter.MaxLength(frame.Length, keys, ns);
    }

    private static byte[] WritePart(byte[] frame, int[] keys, int stride, KeyNamespace ns)
    {
        var reader = new RequestReader();
        Assert.Equal(ReadStatus.Request, reader.Read(frame, RequestLimits.Default, out int length));
        RequestView view = reader.View(frame, length);
        byte[] destination = new byte[RequestRewriter.MaxPartLength(view, keys, stride, ns)];
        return destination[..RequestRewriter.WritePart(view, keys, stride, ns, destination)];
    }
}
