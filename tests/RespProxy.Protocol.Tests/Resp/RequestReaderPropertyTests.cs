using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

public class RequestReaderPropertyTests
{
    private const string Alphabet = "*$0123456789\r\n-+ \"'\\x\0aZ\u00ff";

    [Fact]
    public void Any_arguments_encoded_and_cut_anywhere_are_read_again() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Pipelines(), Gen.Choose(1, 40).ArrayOf(4).ToArbitrary(), (requests, sizes) =>
        {
            byte[] payload = [.. requests.SelectMany(request => Wire.Request(request))];
            ClientInput input = ClientInput.Of(Cut(payload, sizes));
            Assert.Null(input.Refusal);
            Assert.Equal(requests, input.Requests);
        }));

    [Fact]
    public void Any_bytes_end_in_requests_in_a_refusal_or_in_waiting_and_the_pieces_do_not_matter() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(Garbage(), Gen.Choose(1, 9).ArrayOf(4).ToArbitrary(), (payload, sizes) =>
        {
            ClientInput whole = ClientInput.Of([payload]);
            ClientInput cut = ClientInput.Of(Cut(payload, sizes));
            Assert.Equal(whole.Requests, cut.Requests);
            Assert.Equal(whole.Refusal, cut.Refusal);
            if (whole.Refusal is null) Assert.Equal(whole.Unread, cut.Unread);
        }));

    /// <summary>
    /// Request smuggling needs two readers that disagree on where a request ends. Damaged frames are read by the proxy's reader and
    /// by a strict parser: what one takes, the other takes as the same arguments and bytes.
    /// </summary>
    [Fact]
    public void What_the_reader_takes_for_a_request_a_strict_parser_takes_for_the_same()
    {
        int taken = 0;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(DamagedFrames(), payload =>
        {
            byte[] bytes = [.. "*"u8, .. payload];
            var reader = new RequestReader();
            bool read = reader.Read(bytes, RequestLimits.Default, out int consumed) == ReadStatus.Request;
            (IReadOnlyList<string> Arguments, int Length)? strict = StrictRequestParser.Parse(Wire.Text(bytes));
            Assert.Equal(strict is not null, read);
            if (!read) return;
            taken++;
            RequestView view = reader.View(bytes, consumed);
            Assert.Equal(strict!.Value.Length, consumed);
            Assert.Equal(strict.Value.Arguments.Count, view.Count);
            for (int i = 0; i < view.Count; i++) Assert.Equal(strict.Value.Arguments[i], Wire.Text(view[i]));
        }));
        Assert.True(taken > 100, $"only {taken} of the damaged frames were still requests: the generator proves nothing");
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Cut(byte[] payload, int[] sizes)
    {
        int piece = 0;
        for (int at = 0; at < payload.Length;)
        {
            int size = Math.Min(sizes[piece++ % sizes.Length], payload.Length - at);
            yield return payload.AsMemory(at, size);
            at += size;
        }
    }

    private static Gen<string> Arguments() =>
        Gen.OneOf(Gen.Choose(0, 255).ArrayOf(), Gen.Choose(0, Alphabet.Length - 1).Select(i => (int)Alphabet[i]).ArrayOf())
            .Select(chars => string.Concat(chars.Select(c => (char)c)));

    private static Arbitrary<string[][]> Pipelines() =>
        Arguments().NonEmptyListOf().Select(request => request.ToArray()).ListOf().Select(requests => requests.Take(12).ToArray()).ToArbitrary();

    private static Arbitrary<byte[]> Garbage() =>
        Gen.OneOf(
            Gen.Choose(0, 255).ArrayOf().Select(bytes => bytes.Select(b => (byte)b).ToArray()),
            Gen.Choose(0, Alphabet.Length - 1).ArrayOf().Select(picks => picks.Select(i => (byte)Alphabet[i]).ToArray()),
            Pieces()).ToArbitrary();

    /// <summary>Bits of requests in any order: random bytes alone seldom get past a header.</summary>
    private static Gen<byte[]> Pieces() =>
        Gen.Elements("*1\r\n", "*2\r\n", "*0\r\n", "*-1\r\n", "$0\r\n", "$1\r\n", "$3\r\n", "\r\n", "\r", "\n", "a", "GET", "PING\r\n", "\"", "'", " ", "\0", "*", "$", "9", "*1048577\r\n")
            .ListOf().Select(pieces => Wire.Bytes(string.Concat(pieces)));

    /// <summary>What follows the <c>*</c> of a pipeline of two, with up to three bytes changed, dropped or slipped in.</summary>
    private static Arbitrary<byte[]> DamagedFrames()
    {
        Gen<(int Where, int Kind, int What)> damage =
            from place in Gen.Choose(0, 10_000) from kind in Gen.Choose(0, 2) from what in Gen.Choose(0, Alphabet.Length - 1) select (place, kind, what);
        Gen<byte[]> frames =
            from requests in Gen.Elements("GET", "a", "", "\r\n", "$1\r\nb\r\n", "0123456789").ListOf(3).Two()
            from damages in damage.ListOf()
            select Damage([.. Wire.Request([.. requests.Item1]), .. Wire.Request([.. requests.Item2])], damages.Take(3));
        return frames.ToArbitrary();
    }

    private static byte[] Damage(byte[] frame, IEnumerable<(int Where, int Kind, int What)> damages)
    {
        List<byte> bytes = [.. frame[1..]];
        foreach ((int where, int kind, int what) in damages)
        {
            int at = where % bytes.Count;
            if (kind == 0) bytes[at] = (byte)Alphabet[what];
            else if (kind == 1) bytes.RemoveAt(at);
            else bytes.Insert(at, (byte)Alphabet[what]);
        }

        return [.. bytes];
    }
}
