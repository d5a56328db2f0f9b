using System.Collections.Immutable;
using System.Security.Cryptography;
using RespProxy.Configuration;
using RespProxy.Tenancy.Tenants;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Tenants;

public class TenantDirectoryTests
{
    private static readonly TenantDirectory Directory = Of(
        Tenant("shop", "second", "shop-old", "shop-new"),
        Tenant("blog", "first", "blog-secret", "shared"),
        Tenant("wiki", "first", "shared"),
        Tenant("sidecar", "first"));

    [Theory]
    [InlineData("shop", "shop-old")]
    [InlineData("shop", "shop-new")]
    [InlineData("blog", "blog-secret")]
    [InlineData("blog", "shared")]
    [InlineData("wiki", "shared")]
    public void A_user_and_one_of_its_passwords_name_the_tenant(string user, string password) =>
        Assert.Equal(user, Authenticate(user, password)?.Name);

    [Theory]
    [InlineData("shop", "blog-secret")]
    [InlineData("shop", "shop-ol")]
    [InlineData("shop", "shop-old ")]
    [InlineData("shop", "SHOP-OLD")]
    [InlineData("shop", "")]
    [InlineData("SHOP", "shop-old")]
    [InlineData("shop\0", "shop-old")]
    [InlineData("", "shop-old")]
    [InlineData("default", "shop-old")]
    [InlineData("nobody", "shop-old")]
    [InlineData("sidecar", "")]
    [InlineData("sidecar", "shared")]
    public void Anything_else_names_nobody(string user, string password) => Assert.Null(Authenticate(user, password));

    [Theory]
    [InlineData("\u00ff\u00fe")]
    [InlineData("shop\u00ff")]
    [InlineData("\u00c0\u00af")]
    [InlineData("\0")]
    public void A_user_name_that_is_no_UTF8_names_nobody(string user) => Assert.Null(Authenticate(user, "shop-old"));

    [Fact]
    public void A_user_name_however_long_names_nobody()
    {
        foreach (int length in (int[])[256, 257, 1_000_000]) Assert.Null(Authenticate(new string('s', length), "shop-old"));
    }

    [Fact]
    public void A_password_of_any_bytes_is_compared_as_bytes()
    {
        byte[] password = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        TenantSnapshot tenant = Tenant("bin", "first") with { PasswordHashes = [[.. SHA256.HashData(password)]] };
        TenantDirectory directory = Of(tenant);
        Assert.Equal("bin", directory.Authenticate("bin"u8, password)?.Name);
        Assert.Equal("bin", directory.AuthenticateByPassword(password)?.Name);
        Assert.Null(directory.Authenticate("bin"u8, password.AsSpan(1)));
    }

    [Theory]
    [InlineData("shop-old", "shop")]
    [InlineData("shop-new", "shop")]
    [InlineData("blog-secret", "blog")]
    public void A_password_that_one_tenant_alone_has_names_it(string password, string tenant) =>
        Assert.Equal(tenant, Directory.AuthenticateByPassword(Wire.Bytes(password))?.Name);

    [Theory]
    [InlineData("shared")]
    [InlineData("wrong")]
    [InlineData("")]
    public void A_password_that_two_tenants_share_or_nobody_has_names_nobody(string password) =>
        Assert.Null(Directory.AuthenticateByPassword(Wire.Bytes(password)));

    [Fact]
    public void A_password_listed_twice_for_one_tenant_is_still_its_own() =>
        Assert.Equal("a", Of(Tenant("a", "first", "p", "p"), Tenant("b", "first", "q")).AuthenticateByPassword("p"u8)?.Name);

    [Fact]
    public void A_tenant_knows_its_namespace_its_upstream_and_whether_it_has_a_password()
    {
        Tenant shop = Directory.Find("shop")!;
        Assert.Equal(("cluster@shop", 1, true), (shop.Databases[0].Name, shop.UpstreamIndex, shop.HasPassword));
        Tenant sidecar = Directory.Find("sidecar")!;
        Assert.Equal(("cluster@sidecar", 0, false), (sidecar.Databases[0].Name, sidecar.UpstreamIndex, sidecar.HasPassword));
        Assert.Null(Directory.Find("Shop"));
        Assert.Equal(["blog", "shop", "sidecar", "wiki"], Directory.All.Select(tenant => tenant.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void After_a_change_passwords_name_tenants_by_the_new_configuration()
    {
        TenantDirectory before = Of(Tenant("a", "first", "old"), Tenant("b", "first", "b"));
        TenantDirectory after = before.Follow(Configuration(Tenant("a", "first", "new"), Tenant("b", "first", "b")), out _);
        Assert.Equal("a", after.AuthenticateByPassword("new"u8)?.Name);
        Assert.Equal("b", after.AuthenticateByPassword("b"u8)?.Name);
        Assert.Null(after.AuthenticateByPassword("old"u8));
        Assert.Null(before.AuthenticateByPassword("old"u8));
    }

    private static Tenant? Authenticate(string user, string password) => Directory.Authenticate(Wire.Bytes(user), Wire.Bytes(password));

    private static TenantSnapshot Tenant(string name, string upstream, params string[] passwords) => new()
    {
        Name = name,
        Upstream = upstream,
        Namespace = "cluster@" + name,
        PasswordHashes = [.. passwords.Select(password => SHA256.HashData(Wire.Bytes(password)).ToImmutableArray())],
    };

    private static TenantDirectory Of(params TenantSnapshot[] tenants) => new(Configuration(tenants));

    private static ProxySnapshot Configuration(params TenantSnapshot[] tenants) => new()
    {
        Upstreams = [new UpstreamSnapshot { Name = "first", Seeds = [] }, new UpstreamSnapshot { Name = "second", Seeds = [] }],
        Listeners = [],
        Tenants = [.. tenants],
    };
}
