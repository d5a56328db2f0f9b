using RespProxy.Tenancy.Quotas;

namespace RespProxy.Tenancy.Tests.Quotas;

public class UsageTextTests
{
    [Theory]
    [InlineData("{\"shop\": 12345, \"cart\": 0}")]
    [InlineData("\n { \"shop\" : 12345,\n\"cart\":0 } \n")]
    [InlineData("shop 12345\ncart 0\n")]
    [InlineData("# written by the platform\r\n\r\n shop\t12345 # bytes\r\ncart   0\r\n")]
    public void Usage_is_an_object_or_lines(string text)
    {
        IReadOnlyDictionary<string, long> usage = UsageText.Parse(text, out string? fault)!;
        Assert.Null(fault);
        Assert.Equal([("cart", 0), ("shop", 12345)], usage.Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("\n")]
    public void Nobody_may_be_named(string text) => Assert.Empty(UsageText.Parse(text, out _)!);

    [Theory]
    [InlineData("", "its last line has no end: it may be cut off")]
    [InlineData("shop 123", "its last line has no end: it may be cut off")]
    [InlineData("shop 1\ncart\n", "line 2 is not a tenant and a number of bytes")]
    [InlineData("shop 1 2\n", "line 1 is not a tenant and a number of bytes")]
    [InlineData("shop -1\n", "line 1 is not a tenant and a number of bytes")]
    [InlineData("shop 1GiB\n", "line 1 is not a tenant and a number of bytes")]
    [InlineData("shop 9223372036854775808\n", "line 1 is not a tenant and a number of bytes")]
    [InlineData("shop 1\n\nshop 2\n", "line 3: 'shop' is there twice")]
    [InlineData("{\"shop\": 1", "line 1 is not JSON")]
    [InlineData("{\"shop\": 1,\n \"cart\": x}", "line 2 is not JSON")]
    [InlineData("{\"shop\": \"1\"}", "the usage of 'shop' is not a number of bytes")]
    [InlineData("{\"shop\": 1.5}", "the usage of 'shop' is not a number of bytes")]
    [InlineData("{\"shop\": -1}", "the usage of 'shop' is not a number of bytes")]
    [InlineData("{\"shop\": 1, \"shop\": 2}", "'shop' is there twice")]
    public void A_wrong_text_gives_nothing_and_says_why(string text, string expected)
    {
        Assert.Null(UsageText.Parse(text, out string? fault));
        Assert.Equal(expected, fault);
    }
}
