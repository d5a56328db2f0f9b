using FsCheck;
using FsCheck.Fluent;
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
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Lengths().NonEmptyListOf().ToArbitrary(), Gen.Choose(3, 128).ToArbitrary(), (offsets, nameLength) =>
        {
            var ns = new KeyNamespace("c@" + new string('a', nameLength - 2));
            string[] keys = [.. offsets.Take(8).Select((length, i) => new string((char)('a' + i), Math.Max(0, length.BelowPrefix ? length.Bytes - ns.PrefixLength : length.Bytes)))];
            byte[] frame = Wire.Request(["MGET", .. keys]);
            byte[] written = Rewrite(frame, ns);
            Assert.Equal(Wire.Request(["MGET", .. keys.Select(key => $"{ns.Name}:{key}")]), written);
            Assert.InRange(written.Length, frame.Length, RequestRewriter.MaxLength(frame.Length, keys.Length, ns));
        }));

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
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Lengths().NonEmptyListOf().ToArbitrary(), Gen.Choose(1, 2).ToArbitrary(), Gen.Choose(2, 5).ToArbitrary(), (lengths, stride, parts) =>
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
        byte[] destination = new byte[RequestRewriter.MaxLength(view.Frame.Length, keys.Count, ns)];
        return destination[..RequestRewriter.Write(view, keys, ns, destination)];
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
