using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class ReplyScannerPropertyTests
{
    private const string Alphabet = "*$%~>|+-:_#,(!=0123456789\r\na";

    [Fact]
    public void Any_tree_of_replies_ends_where_it_was_written_to_end() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Trees(5).ToArbitrary(), Trees(2).ToArbitrary(), (reply, next) =>
        {
            var scanner = default(ReplyScanner);
            Assert.Equal(ScanStatus.Complete, scanner.Scan(Wire.Bytes(reply + next), out int length));
            Assert.Equal(reply.Length, length);
            Assert.Equal(ScanStatus.Complete, scanner.Scan(Wire.Bytes(next), out length));
            Assert.Equal(next.Length, length);
        }));

    [Fact]
    public void Any_tree_of_replies_byte_by_byte_ends_where_it_was_written_to_end() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Trees(4).ToArbitrary(), Gen.Choose(1, 12).ToArbitrary(), (reply, size) =>
        {
            NodeInput input = NodeInput.Of(Wire.Bytes(reply + reply).Chunk(size).Select(piece => (ReadOnlyMemory<byte>)piece));
            Assert.Equal([reply.Length, reply.Length], input.Lengths);
        }));

    [Fact]
    public void A_cursor_steps_over_any_tree_of_replies() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Trees(4).NonEmptyListOf().ToArbitrary(), replies =>
        {
            var cursor = new ReplyCursor(Wire.Bytes(string.Concat(replies)));
            foreach (string reply in replies) Assert.Equal(reply, Wire.Text(cursor.Skip()));
            Assert.True(cursor.AtEnd);
        }));

    [Fact]
    public void Any_bytes_end_in_replies_in_a_refusal_or_in_waiting_and_the_pieces_do_not_matter() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(Garbage(), Gen.Choose(1, 6).ToArbitrary(), (payload, size) =>
        {
            NodeInput whole = NodeInput.Of([payload]);
            NodeInput cut = NodeInput.Of(payload.Chunk(size).Select(piece => (ReadOnlyMemory<byte>)piece));
            Assert.Equal(whole.IsInvalid, cut.IsInvalid);
            Assert.Equal(whole.Lengths, cut.Lengths);
            if (!whole.IsInvalid) Assert.Equal(whole.Unread, cut.Unread);
        }));

    /// <summary>A reply of any type, nested up to <paramref name="depth"/> levels, with a writer that shares nothing with the product.</summary>
    private static Gen<string> Trees(int depth)
    {
        if (depth == 0) return Scalars();
        Gen<string[]> items = Gen.Choose(0, 4).SelectMany(count => Trees(depth - 1).ArrayOf(count));
        Gen<string> lists = from kind in Gen.Elements('*', '~', '>') from list in items select Aggregate(kind, list.Length, list);
        Gen<string> maps = from list in items select Aggregate('%', list.Length / 2, list[..(list.Length / 2 * 2)]);
        Gen<string> attributed =
            from list in items from value in Trees(depth - 1) select Aggregate('|', list.Length / 2, list[..(list.Length / 2 * 2)]) + value;
        return Gen.Frequency((3, Scalars()), (3, lists), (2, maps), (1, attributed));
    }

    private static Gen<string> Scalars()
    {
        Gen<string> bytes = Gen.OneOf(
            Gen.Choose(0, 255).ArrayOf().Select(values => string.Concat(values.Select(value => (char)value))),
            Gen.Choose(0, Alphabet.Length - 1).ArrayOf().Select(values => string.Concat(values.Select(value => Alphabet[value]))));
        Gen<string> lines = bytes.Select(text => text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
        Gen<string> fixedForms = Gen.Elements("$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", "#f\r\n", ",inf\r\n", ",-1.5e3\r\n", ":-1\r\n", "(-12345678901234567890\r\n");
        Gen<string> simple = from kind in Gen.Elements('+', '-') from text in lines select $"{kind}{text}\r\n";
        Gen<string> blobs = from kind in Gen.Elements('$', '!') from text in bytes select Blob(kind, text);
        return Gen.OneOf(fixedForms, simple, blobs, bytes.Select(text => Blob('=', "txt:" + text)));
    }

    private static string Blob(char kind, string text) => string.Create(CultureInfo.InvariantCulture, $"{kind}{text.Length}\r\n{text}\r\n");

    private static string Aggregate(char kind, int count, IEnumerable<string> items) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}{count}\r\n{string.Concat(items)}");

    private static Arbitrary<byte[]> Garbage() =>
        Gen.OneOf(
            Gen.Choose(0, 255).ArrayOf().Select(values => values.Select(value => (byte)value).ToArray()),
            Gen.Choose(0, Alphabet.Length - 1).ArrayOf().Select(values => values.Select(value => (byte)Alphabet[value]).ToArray()),
            Gen.Elements("*1\r\n", "*2\r\n", "%1\r\n", "|1\r\n", "$1\r\na\r\n", "$2\r\n", "+\r\n", "_\r\n", "*-1\r\n", "\r\n", "\r", "\n", "$-2\r\n", "a", "~0\r\n").ListOf()
                .Select(pieces => Wire.Bytes(string.Concat(pieces)))).ToArbitrary();
}
