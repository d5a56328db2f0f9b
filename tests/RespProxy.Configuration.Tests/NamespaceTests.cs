namespace RespProxy.Configuration.Tests;

public class NamespaceTests
{
    [Theory]
    [InlineData("c1@app1")]
    [InlineData("a@b")]
    [InlineData("Prod-1.eu_west@shop.v2")]
    [InlineData("0@-")]
    public void A_namespace_is_two_names_joined_by_an_at_sign(string name) => Assert.Null(NamespaceRules.Check(name));

    [Theory]
    [InlineData("app")]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("a@")]
    [InlineData("@b")]
    [InlineData("a@b@c")]
    [InlineData("a@@b")]
    public void One_at_sign_with_names_on_both_sides_is_needed(string name) =>
        Assert.Equal("must be cluster@app: two names joined by one '@'", NamespaceRules.Check(name));

    [Theory]
    [InlineData(':')]
    [InlineData('{')]
    [InlineData('}')]
    [InlineData('*')]
    [InlineData('?')]
    [InlineData('[')]
    [InlineData(']')]
    [InlineData('^')]
    [InlineData('\\')]
    [InlineData(' ')]
    [InlineData('\n')]
    [InlineData('\0')]
    [InlineData('/')]
    [InlineData('é')]
    public void What_means_something_in_keys_patterns_or_terminals_is_refused(char refused)
    {
        Assert.NotNull(NamespaceRules.Check($"a{refused}@b"));
        Assert.NotNull(NamespaceRules.Check($"a@{refused}b"));
        Assert.NotNull(NamespaceRules.Check($"a@b{refused}"));
    }

    [Fact]
    public void A_namespace_has_at_most_128_characters()
    {
        Assert.Null(NamespaceRules.Check("a@" + new string('b', 126)));
        Assert.Equal("is longer than 128 characters", NamespaceRules.Check("a@" + new string('b', 127)));
    }

    [Fact]
    public void Two_tenants_cannot_share_a_namespace()
    {
        Assert.Equal(
            ["test.yaml:10:16: tenants[1].namespace: 'main@shop' overlaps the namespace of tenants[0] ('main@shop'); their keys would meet"],
            Loading.Errors(Loading.Minimal + "\n  - name: other\n    namespace: main@shop"));
    }

    [Fact]
    public void Look_alike_namespaces_are_apart()
    {
        Assert.Equal(4, Loading.Valid(Loading.Minimal + "\n  - name: shop1\n  - name: sho\n  - name: Shop").Tenants.Length);
    }

    [Fact]
    public void A_tenant_whose_name_makes_no_namespace_must_write_one()
    {
        string yaml = Loading.Minimal + "\n  - name: shop/eu";

        Assert.Equal(
            ["test.yaml:9:5: tenants[1].namespace: the default 'main@shop/eu' may hold letters, digits, '.', '_' and '-' only, besides its '@'; write a namespace"],
            Loading.Errors(yaml));
        Assert.Equal("main@shop-eu", Loading.Valid(yaml + "\n    namespace: main@shop-eu").Tenants[1].Namespace);
    }

    [Theory]
    [InlineData("\"a b\"", "'a b'")]
    [InlineData("\"a\\nb\"", "'a\\u000ab'")]
    [InlineData("\"\"", "''")]
    [InlineData("é", "'é'")]
    public void A_tenant_name_is_printable(string name, string quoted)
    {
        Assert.Equal(
            [$"test.yaml:9:11: tenants[1].name: {quoted} must be 1 to 64 printable ASCII characters without spaces"],
            Loading.Errors(Loading.Minimal + $"\n  - name: {name}\n    namespace: main@x"));
    }
}
