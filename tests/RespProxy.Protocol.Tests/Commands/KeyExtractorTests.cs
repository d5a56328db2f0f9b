using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Tests.Commands;

public sealed class KeyExtractorTests
{
    [Theory]
    [InlineData("GET k", "1")]
    [InlineData("get k", "1")]
    [InlineData("SET k v EX 10", "1")]
    [InlineData("MGET a b c", "1 2 3")]
    [InlineData("MSET a 1 b 2", "1 3")]
    [InlineData("MSETNX a 1 b 2", "1 3")]
    [InlineData("LCS a b IDX", "1 2")]
    [InlineData("RENAME a b", "1 2")]
    [InlineData("LMOVE a b LEFT RIGHT", "1 2")]
    [InlineData("SMOVE a b m", "1 2")]
    [InlineData("SINTERSTORE d a b", "1 2 3")]
    [InlineData("BITOP AND d a b", "2 3 4")]
    [InlineData("PFMERGE d", "1")]
    [InlineData("PFMERGE d a b", "1 2 3")]
    [InlineData("ZRANGESTORE d s 0 -1", "1 2")]
    [InlineData("GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 m", "1 2")]
    [InlineData("BLPOP a b 0", "1 2")]
    [InlineData("OBJECT ENCODING k", "2")]
    [InlineData("MEMORY USAGE k SAMPLES 5", "2")]
    [InlineData("XGROUP CREATE k g $", "2")]
    [InlineData("XINFO STREAM k FULL", "2")]
    [InlineData("PING", "")]
    public void Keys_at_fixed_positions_are_found(string line, string expected) => AssertFound(line, expected);

    [Theory]
    [InlineData("ZUNIONSTORE d 2 a b WEIGHTS 2 3 AGGREGATE MAX", "1 3 4")]
    [InlineData("ZUNION 1 a WITHSCORES", "2")]
    [InlineData("ZINTERCARD 2 a b LIMIT 1", "2 3")]
    [InlineData("SINTERCARD 2 a b LIMIT 1", "2 3")]
    [InlineData("LMPOP 2 a b LEFT COUNT 3", "2 3")]
    [InlineData("ZMPOP 1 a MIN", "2")]
    [InlineData("BLMPOP 0 2 a b LEFT", "3 4")]
    [InlineData("EVAL script 0 arg", "")]
    [InlineData("EVAL script 2 a b arg", "3 4")]
    public void A_count_says_how_many_of_the_arguments_are_keys(string line, string expected) => AssertFound(line, expected);

    [Theory]
    [InlineData("LMPOP 0 k LEFT", "ERR numkeys should be greater than 0")]
    [InlineData("LMPOP -1 k LEFT", "ERR numkeys should be greater than 0")]
    [InlineData("LMPOP +1 k LEFT", "ERR numkeys should be greater than 0")]
    [InlineData("LMPOP 01 k LEFT", "ERR numkeys should be greater than 0")]
    [InlineData("LMPOP \"\" k LEFT", "ERR numkeys should be greater than 0")]
    [InlineData("LMPOP 1\\0 k LEFT", "ERR numkeys should be greater than 0")]
    [InlineData("LMPOP 99999999999999999999 k LEFT", "ERR numkeys should be greater than 0")]
    [InlineData("LMPOP 9223372036854775807 k LEFT", "ERR syntax error")]
    [InlineData("ZMPOP 4294967297 k MIN", "ERR syntax error")]
    [InlineData("SINTERCARD x k", "ERR numkeys should be greater than 0")]
    [InlineData("SINTERCARD 9 k", "ERR Number of keys can't be greater than number of args")]
    [InlineData("ZUNIONSTORE d x k", "ERR value is not an integer or out of range")]
    [InlineData("ZUNIONSTORE d -0 k", "ERR value is not an integer or out of range")]
    [InlineData("ZUNIONSTORE d 0 k", "ERR at least 1 input key is needed for 'zunionstore' command")]
    [InlineData("ZINTERSTORE d 0 k", "ERR at least 1 input key is needed for 'zinterstore' command")]
    [InlineData("ZDIFFSTORE d -9223372036854775808 k", "ERR at least 1 input key is needed for 'zdiffstore' command")]
    [InlineData("ZUNION 0 k", "ERR at least 1 input key is needed for 'zunion' command")]
    [InlineData("ZINTER -1 k", "ERR at least 1 input key is needed for 'zinter' command")]
    [InlineData("ZDIFF 0 k", "ERR at least 1 input key is needed for 'zdiff' command")]
    [InlineData("ZINTERCARD 0 k", "ERR at least 1 input key is needed for 'zintercard' command")]
    [InlineData("ZDIFF 5 k", "ERR syntax error")]
    [InlineData("ZUNIONSTORE d 2 k", "ERR syntax error")]
    [InlineData("EVAL s x", "ERR value is not an integer or out of range")]
    [InlineData("EVAL s -1", "ERR Number of keys can't be negative")]
    [InlineData("EVAL s 5 a", "ERR Number of keys can't be greater than number of args")]
    public void A_wrong_count_is_answered_in_Redis_own_words(string line, string error) =>
        AssertRefused(line, KeyExtraction.BadNumKeys, error);

    [Theory]
    [InlineData("XREAD STREAMS a 0", "2")]
    [InlineData("XREAD COUNT 1 STREAMS a b 0 0", "4 5")]
    [InlineData("xread count 1 streams a b 0 0", "4 5")]
    [InlineData("XREAD STREAMS STREAMS 0", "2")]
    [InlineData("XREAD STREAMS STREAMS STREAMS STREAMS STREAMS", "2 3")]
    [InlineData("XREAD BLOCK 0 STREAMS a $", "4")]
    [InlineData("XREADGROUP GROUP g c BLOCK 0 STREAMS a >", "7")]
    [InlineData("XREAD STREAMS BLOCK 0", "2")]
    [InlineData("XREAD STREAMS\\0x a 0", "2")]
    [InlineData("XREAD COUNT STREAMS STREAMS a 0", "4")]
    [InlineData("XREADGROUP GROUP g c STREAMS a >", "5")]
    [InlineData("XREADGROUP GROUP STREAMS c STREAMS a b > >", "5 6")]
    [InlineData("XREADGROUP GROUP STREAMS STREAMS STREAMS STREAMS STREAMS", "5")]
    [InlineData("XREADGROUP GROUP g BLOCK COUNT 2 NOACK STREAMS a >", "8")]
    [InlineData("XREADGROUP COUNT 2 NOACK GROUP NOACK COUNT STREAMS a >", "8")]
    public void Streams_are_the_first_half_of_what_follows_the_keyword_and_names_do_not_confuse_it(string line, string expected) =>
        AssertFound(line, expected);

    [Theory]
    [InlineData("XREAD COUNT 1 a b")]
    [InlineData("XREAD foo STREAMS a 0")]
    [InlineData("XREAD COUNT STREAMS a 0")]
    [InlineData("XREAD COUNT 1 STREAMS")]
    [InlineData("XREADGROUP GROUP g c NOACK COUNT GROUP")]
    [InlineData("SORT k STORE")]
    [InlineData("SORT k foo")]
    [InlineData("SORT k LIMIT 1")]
    [InlineData("SORT k BY")]
    [InlineData("COPY a b DB")]
    [InlineData("COPY a b foo")]
    [InlineData("COPY a b REPLACE foo")]
    [InlineData("GEORADIUS k 1 1 1 m STORE")]
    [InlineData("GEORADIUS k 1 1 1 m foo STORE victim")]
    public void Arguments_that_do_not_parse_are_a_syntax_error(string line) =>
        AssertRefused(line, KeyExtraction.SyntaxError, "ERR syntax error");

    [Theory]
    [InlineData("XREAD STREAMS a b c", "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")]
    [InlineData("XREADGROUP GROUP g c STREAMS a b c", "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")]
    [InlineData("MSET a 1 b", "ERR wrong number of arguments for 'mset' command")]
    [InlineData("MSETNX a 1 b", "ERR wrong number of arguments for 'msetnx' command")]
    [InlineData("XREAD GROUP g c STREAMS a 0", "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")]
    [InlineData("XREAD NOACK STREAMS a 0", "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")]
    [InlineData("XREADGROUP COUNT 1 NOACK STREAMS a 0", "ERR Missing GROUP option for XREADGROUP")]
    [InlineData("XREADGROUP STREAMS STREAMS STREAMS STREAMS a 0", "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")]
    public void Uneven_pairs_and_misplaced_groups_are_answered_in_Redis_own_words(string line, string error) =>
        AssertRefused(line, KeyExtraction.SyntaxError, error);

    [Theory]
    [InlineData("SORT k", "1")]
    [InlineData("SORT BY", "1")]
    [InlineData("SORT STORE STORE STORE", "1 3")]
    [InlineData("SORT k LIMIT 0 10 ALPHA DESC STORE d", "1 8")]
    [InlineData("SORT k BY nosort GET # store d", "1 7")]
    [InlineData("SORT k STORE d STORE e", "1 3 5")]
    [InlineData("SORT k STORE\\0junk d", "1 3")]
    [InlineData("SORT k LIMIT STORE STORE STORE d", "1 6")]
    [InlineData("SORT_RO k ASC", "1")]
    public void Sort_has_its_key_and_every_store_key(string line, string expected) => AssertFound(line, expected);

    [Theory]
    [InlineData("GEORADIUS k 1 1 1 m", "1")]
    [InlineData("GEORADIUS STORE 1 1 1 m ASC", "1")]
    [InlineData("GEORADIUS k 1 1 1 m WITHDIST WITHCOORD WITHHASH COUNT 3 ANY DESC", "1")]
    [InlineData("GEORADIUS k 1 1 1 m STORE d", "1 7")]
    [InlineData("GEORADIUS k 1 1 1 m STORE a STOREDIST b", "1 7 9")]
    [InlineData("GEORADIUS k 1 1 1 m STORE STORE STORE b", "1 7 9")]
    [InlineData("GEORADIUS k 1 1 1 m store\\0junk d", "1 7")]
    [InlineData("GEORADIUS k 1 1 1 m COUNT STORE STORE d", "1 9")]
    [InlineData("GEORADIUSBYMEMBER k STORE 1 m STOREDIST d", "1 6")]
    [InlineData("GEORADIUSBYMEMBER_RO k m 1 m STORE d", "1")]
    public void Georadius_has_its_key_and_every_store_key(string line, string expected) => AssertFound(line, expected);

    [Theory]
    [InlineData("COPY a b", "1 2")]
    [InlineData("COPY a b REPLACE", "1 2")]
    [InlineData("COPY DB DB", "1 2")]
    [InlineData("MIGRATE h 1 k 0 100", "3")]
    [InlineData("MIGRATE h 1 \"\" 0 100 AUTH KEYS KEYS a b", "9 10")]
    [InlineData("MIGRATE h 1 \"\" 0 100 AUTH2 KEYS KEYS KEYS a", "10")]
    public void Copy_and_migrate_have_their_keys(string line, string expected) => AssertFound(line, expected);

    [Theory]
    [InlineData("SORT k", "1", "")]
    [InlineData("SORT k BY nosort GET #", "1", "")]
    [InlineData("SORT k BY weight_*", "1", "3")]
    [InlineData("SORT k GET obj_* STORE d by w_* GET # GET fixed", "1 5", "3 7 11")]
    [InlineData("SORT k BY BY* GET GET", "1", "3 5")]
    [InlineData("SORT k get\\0x o_*", "1", "3")]
    [InlineData("SORT_RO k GET ## GET x*->f", "1", "3 5")]
    public void Sort_tells_its_patterns_apart_from_its_keys(string line, string expected, string patterns)
    {
        AssertFound(line, expected);
        Requests request = Requests.OfLine(line);
        var keys = new KeyIndexes();
        KeyExtractor.Extract(request.View, Requests.SpecOf(request.View), keys, out _);
        Assert.Equal(patterns, string.Join(' ', keys.Patterns));
        Assert.Equal(patterns.Length > 0, keys.NamesPatterns);
        Assert.Equal(patterns.Length > 0, keys.HasMore);
        // What one request has, the next has not.
        Requests next = Requests.OfLine("SORT k");
        KeyExtractor.Extract(next.View, Requests.SpecOf(next.View), keys, out _);
        Assert.False(keys.HasMore || keys.NamesPatterns);
        Assert.Empty(keys.Patterns);
    }

    [Theory]
    [InlineData("COPY a b", "1 2", 0)]
    [InlineData("COPY a b DB 1", "1 2", 4)]
    [InlineData("COPY a b REPLACE db\\0x 1", "1 2", 5)]
    [InlineData("COPY a b DB 1 REPLACE DB DB", "1 2", 7)]
    [InlineData("MOVE a 1", "1", 2)]
    public void What_takes_a_key_to_another_database_says_where_its_number_is(string line, string expected, int database)
    {
        AssertFound(line, expected);
        Requests request = Requests.OfLine(line);
        var keys = new KeyIndexes();
        KeyExtractor.Extract(request.View, Requests.SpecOf(request.View), keys, out _);
        Assert.Equal(database, keys.DatabaseArgument);
        Assert.Equal(database > 0, keys.HasMore);
        Assert.False(keys.NamesPatterns);
    }

    [Fact]
    public void Whatever_the_arguments_the_keys_found_are_arguments_in_order_and_a_routed_command_has_one()
    {
        var keys = new KeyIndexes();
        Prop.ForAll(RandomRequest().ToArbitrary(), input =>
        {
            Requests request = Requests.Of([.. input.Arguments.Select(Encoding.Latin1.GetBytes)]);
            CommandSpec spec = CommandTable.All[input.Row];
            KeyExtraction outcome = KeyExtractor.Extract(request.View, spec, keys, out ReadOnlySpan<byte> error);

            Assert.Equal(outcome == KeyExtraction.Found, error.IsEmpty);
            if (outcome != KeyExtraction.Found) Assert.Equal(0, keys.Count);
            for (int i = 0; i < keys.Count; i++)
                Assert.InRange(keys[i], i == 0 ? 1 : keys[i - 1] + 1, request.View.Count - 1);
            bool routed = spec.Route is not (RouteRule.None or RouteRule.Local or RouteRule.Keyspace or RouteRule.Channel or RouteRule.Script);
            if (routed && outcome == KeyExtraction.Found && spec.AcceptsArgumentCount(request.View.Count)) Assert.NotEqual(0, keys.Count);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Theory]
    [InlineData("GET k")]
    [InlineData("MGET a b c d e f")]
    [InlineData("ZUNIONSTORE d 2 a b WEIGHTS 1 2")]
    [InlineData("ZUNIONSTORE d 0 a b")]
    [InlineData("XREADGROUP GROUP g c COUNT 1 STREAMS a >")]
    [InlineData("SORT k BY nosort STORE d")]
    [InlineData("SORT k BY w_* GET o_* STORE d")]
    [InlineData("GEORADIUS k 1 1 1 m STORE d")]
    [InlineData("COPY a b DB 1")]
    public void Extraction_allocates_nothing(string line)
    {
        Requests request = Requests.OfLine(line);
        CommandSpec spec = Requests.SpecOf(request.View);
        var keys = new KeyIndexes();
        _ = KeyExtractor.Extract(request.View, spec, keys, out _);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) _ = KeyExtractor.Extract(request.View, spec, keys, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("XREAD BLOCK 0 STREAMS a $", true)]
    [InlineData("XREAD COUNT 1 block 10 STREAMS a $", true)]
    [InlineData("XREADGROUP GROUP g c BLOCK 0 STREAMS a >", true)]
    [InlineData("XREAD STREAMS BLOCK 0", false)]
    [InlineData("XREADGROUP GROUP BLOCK c STREAMS a >", false)]
    [InlineData("GET BLOCK", false)]
    public void A_read_with_the_BLOCK_option_is_known_to_block(string line, bool expected)
    {
        var keys = new KeyIndexes();
        RequestView request = Requests.OfLine(line).View;

        Assert.Equal(KeyExtraction.Found, KeyExtractor.Extract(request, Requests.SpecOf(request), keys, out _));
        Assert.Equal(expected, keys.Blocks);
    }

    private static Gen<(int Row, string[] Arguments)> RandomRequest()
    {
        Gen<string> word = Gen.Elements(
            "STREAMS", "COUNT", "GROUP", "NOACK", "BLOCK", "STORE", "STOREDIST", "BY", "GET", "#", "LIMIT", "ASC", "ANY", "DB",
            "REPLACE", "KEYS", "AUTH2", "store\0x", "", "0", "1", "2", "3", "-1", "9223372036854775807", "18446744073709551616", "k", "a*");
        return from row in Gen.Choose(0, CommandTable.All.Count - 1)
               from arguments in Gen.ArrayOf(word)
               select (row, (string[])[CommandTable.All[row].Name, .. arguments]);
    }

    private static void AssertFound(string line, string expected)
    {
        RequestView request = Requests.OfLine(line).View;
        var keys = new KeyIndexes();
        keys.Add(99);
        KeyExtraction outcome = KeyExtractor.Extract(request, Requests.SpecOf(request), keys, out ReadOnlySpan<byte> error);
        Assert.Equal("", Encoding.ASCII.GetString(error));
        Assert.Equal(KeyExtraction.Found, outcome);
        Assert.Equal(expected, string.Join(' ', keys.Items.ToArray()));
    }

    private static void AssertRefused(string line, KeyExtraction expected, string expectedError)
    {
        RequestView request = Requests.OfLine(line).View;
        var keys = new KeyIndexes();
        keys.Add(99);
        KeyExtraction outcome = KeyExtractor.Extract(request, Requests.SpecOf(request), keys, out ReadOnlySpan<byte> error);
        Assert.Equal(expectedError, Encoding.ASCII.GetString(error));
        Assert.Equal(expected, outcome);
        Assert.Equal(0, keys.Count);
    }
}
