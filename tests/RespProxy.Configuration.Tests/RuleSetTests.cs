using System.Security.Cryptography;
using System.Text;

namespace RespProxy.Configuration.Tests;

public class RuleSetTests
{
    private const string Sha256OfSecret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    [Fact]
    public void A_rule_set_takes_the_place_of_the_files_tenants_and_of_nothing_else()
    {
        ConfigurationInput input = Loading.Input(Loading.With("loops: 3"));

        ProxySnapshot snapshot = Valid(input, "tenants: [{name: shop, allowFlush: true}, {name: blog, namespace: main@b}]");

        Assert.Equal(3, snapshot.Loops);
        Assert.Equal([("shop", "main@shop", true), ("blog", "main@b", false)], snapshot.Tenants.Select(tenant => (tenant.Name, tenant.Namespace, tenant.AllowFlush)));
        Assert.Equal("shop", Assert.Single(input.Load().Snapshot!.Tenants).Name);
    }

    [Fact]
    public void Overrides_are_laid_over_a_rule_set_too()
    {
        ConfigurationInput input = Loading.Input(Loading.Minimal, new() { ["RESPPROXY_TENANTS__SHOP__DATABASES"] = "7" }, "tenants.shop.allowFlush=true");

        TenantSnapshot shop = Assert.Single(Valid(input, "tenants: [{name: shop, databases: 3}]").Tenants);

        Assert.Equal((7, true), (shop.Databases, shop.AllowFlush));
    }

    [Fact]
    public void Errors_name_the_rule_set_and_its_line() => Assert.Equal(
        [
            "set 7:1:1: 'loops' does not belong into a rule set, which has one key, tenants; change it in the configuration file",
            "test.yaml:6:13: listeners[0].tenant: there is no tenant 'shop'; did you mean 'shpo'?",
            "set 7:4:16: tenants[0].databases: '0' is not a whole number from 1 to 1024",
        ],
        Errors("""
            loops: 2
            tenants:
              - name: shpo
                databases: 0
            """).Order(StringComparer.Ordinal).OrderBy(error => error.Contains("databases", StringComparison.Ordinal)));

    [Theory]
    [InlineData("", "set 7: tenants: is missing; a rule set is the list of all tenants, as it stands in the configuration file")]
    [InlineData("tenants: []", "set 7:1:10: tenants: needs at least one element (whose keys there are: a name)")]
    [InlineData("tenants: [{name: shop}]\ntenants: [{name: shop}]", "set 7:2:1: tenants: given twice; remove one")]
    [InlineData("tenants: [{name: shop", "set 7:2:1: not valid YAML: While parsing a flow mapping, did not find expected ',' or '}'.")]
    [InlineData("- name: shop", "set 7:1:1: expected a section of keys (transport, upstreams, listeners, tenants...), found a list")]
    public void What_is_not_a_rule_set_is_refused(string text, string error) => Assert.Contains(error, Errors(text));

    [Fact]
    public void A_rule_set_that_is_too_long_is_not_even_read() => Assert.Equal(
        ["set 7: is longer than 4mb: not a rule set"], Errors("tenants: [" + new string(' ', RuleSetText.MaxLength)));

    [Fact]
    public void A_byte_order_mark_as_some_editors_write_it_does_no_harm() =>
        Assert.Equal(3, Assert.Single(Valid(Loading.Input(Loading.Minimal), "\uFEFFtenants: [{name: shop, databases: 3}]\r\n").Tenants).Databases);

    [Theory]
    [InlineData("hunter2")]
    [InlineData("\"hunter2\"")]
    [InlineData("'hunter2'")]
    public void A_plain_password_is_refused_and_not_repeated(string password)
    {
        string error = Assert.Single(Errors($"tenants:\n  - name: shop\n    passwords:\n      - {{env: GIVEN}}\n      - {password}"));

        Assert.StartsWith("set 7:5:9: tenants[0].passwords[1]: a rule set is kept and shown, so no password may stand in it; write {sha256: HEX}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Passwords_may_be_hashes_variables_and_files()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "from file\n");
            ProxySnapshot snapshot = Valid(
                Loading.Input(Loading.Minimal, new() { ["GIVEN"] = "from environment" }),
                $"tenants: [{{name: shop, passwords: [{{sha256: {Sha256OfSecret}}}, {{env: GIVEN}}, {{file: {file}}}]}}]");
            TenantSnapshot shop = Assert.Single(snapshot.Tenants);
            Assert.All((string[])["secret", "from environment", "from file"], password => Assert.True(shop.AcceptsPassword(Encoding.UTF8.GetBytes(password))));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_files_own_tenants_are_told_as_a_rule_set_with_hashes_for_passwords()
    {
        ConfigurationResult result = Loading.Load("""
            upstreams: [{name: main, seeds: ["127.0.0.1:7000"]}]
            listeners: [{bind: "127.0.0.1:6379", tenant: shop}]
            tenants:   # all of them
              - name: shop
                passwords: [secret, {env: GIVEN}]
                limits: {rates: []}
                deny:
                  - commands: ["@write"]
                    keys: ["null", "~"]
                    reason: "two: words, 'quoted'"
            """,
            new() { ["GIVEN"] = "x", ["RESPPROXY_TENANTS__SHOP__DATABASES"] = "7" });

        Assert.Equal(
            $$"""
            tenants:
              - name: shop
                passwords:
                  - sha256: {{Sha256OfSecret}}
                  - env: GIVEN
                limits:
                  rates: []
                deny:
                  - commands:
                      - "@write"
                    keys:
                      - "null"
                      - "~"
                    reason: "two: words, 'quoted'"

            """,
            result.OwnTenants?.Replace("'@write'", "\"@write\"", StringComparison.Ordinal).Replace("'two: words, ''quoted'''", "\"two: words, 'quoted'\"", StringComparison.Ordinal));
        Assert.Equal(Sha256OfSecret, Convert.ToHexStringLower(SHA256.HashData("secret"u8)));
    }

    private static ProxySnapshot Valid(ConfigurationInput input, string rules)
    {
        ConfigurationResult result = input.Load(new RuleSetText(rules, "set 7"));
        Assert.Empty(result.Errors.Select(error => error.ToString()));
        return result.Snapshot!;
    }

    private static string[] Errors(string rules)
    {
        ConfigurationResult result = Loading.Input(Loading.Minimal, new() { ["GIVEN"] = "x" }).Load(new RuleSetText(rules, "set 7"));
        Assert.Null(result.Snapshot);
        return [.. result.Errors.Select(error => error.ToString())];
    }
}
