using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Tests.Commands;

/// <summary>The commands of modules, by their documentation: every key is found, and what names keys of others is refused.</summary>
public sealed class ModuleRowsTests
{
    [Theory]
    [InlineData("JSON.SET k $ 1 NX", "1")]
    [InlineData("JSON.GET k INDENT x $.a $.b", "1")]
    [InlineData("JSON.MGET k1 k2 k3 $.a", "1 2 3")]
    [InlineData("JSON.MGET k1 $", "1")]
    [InlineData("JSON.MSET k1 $ 1 k2 $.x 2", "1 4")]
    [InlineData("BF.INSERT k CAPACITY 10 ITEMS a b", "1")]
    [InlineData("CF.INSERTNX k NOCREATE ITEMS a", "1")]
    [InlineData("CMS.MERGE dest 2 a b WEIGHTS 1 2", "1 3 4")]
    [InlineData("TDIGEST.MERGE dest 1 a COMPRESSION 100 OVERRIDE", "1 3")]
    [InlineData("TOPK.ADD k a b", "1")]
    [InlineData("TS.MADD k1 * 1 k2 * 2 k3 5 3", "1 4 7")]
    [InlineData("TS.CREATERULE source dest AGGREGATION avg 1000", "1 2")]
    [InlineData("TS.DELETERULE source dest", "1 2")]
    [InlineData("TS.RANGE k - + AGGREGATION avg 10", "1")]
    public void Every_key_is_found(string request, string expected)
    {
        var keys = new KeyIndexes();
        RequestView view = Requests.OfLine(request).View;
        CommandSpec spec = CommandTable.Find(view[0])!;

        Assert.True(spec.AcceptsArgumentCount(view.Count));
        Assert.Equal(KeyExtraction.Found, KeyExtractor.Extract(view, spec, keys, out _));
        Assert.Equal(expected, string.Join(' ', keys.Items.ToArray()));
    }

    [Theory]
    [InlineData("JSON.MSET k1 $ 1 k2 $")]
    [InlineData("TS.MADD k1 * 1 k2 *")]
    [InlineData("CMS.MERGE dest 3 a b")]
    [InlineData("CMS.MERGE dest x a b")]
    [InlineData("TDIGEST.MERGE dest 0 a")]
    public void A_request_whose_keys_cannot_be_told_is_refused(string request)
    {
        RequestView view = Requests.OfLine(request).View;

        Assert.NotEqual(KeyExtraction.Found, KeyExtractor.Extract(view, CommandTable.Find(view[0])!, new KeyIndexes(), out ReadOnlySpan<byte> error));
        Assert.False(error.IsEmpty);
    }

    [Fact]
    public void What_finds_or_names_keys_by_other_means_is_refused()
    {
        string[] refused = [.. CommandTable.All.Where(spec => spec.IsOfModule && spec.Refusal != Refusal.None).Select(spec => spec.Name)];

        Assert.All(["TS.MGET", "TS.MRANGE", "TS.MREVRANGE", "TS.QUERYINDEX", "TS.INFO", "FT.SEARCH", "FT.AGGREGATE", "FT.CREATE", "FT.SUGADD", "FT._LIST"], name => Assert.Contains(name, refused));
        Assert.All(CommandTable.All.Where(spec => spec.IsOfModule && spec.Refusal == Refusal.None), spec => Assert.Equal((RouteRule.Keyed, ReplyRule.Verbatim), (spec.Route, spec.Reply)));
    }
}
