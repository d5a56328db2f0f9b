using RespProxy.Configuration;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Namespaces;

public class NamespacePatternTests
{
    private static readonly string[] Names = ["c@k", "c@k1", "c@kk", "k@c"];

    private static readonly string[] Keys = [.. KeyNamespaceTests.AllTexts("{}:/1k", 4)];

    [Fact]
    public void The_pattern_of_a_tenant_matches_its_keys_in_every_database_and_nobody_elses()
    {
        foreach (string name in Names)
        {
            foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
            {
                byte[] pattern = NamespacePattern.OfAllDatabases(name, placement);
                var ns = new KeyNamespace(name, placement, 1);
                foreach ((string owner, string key) in Everything(placement))
                {
                    Assert.Equal(owner == name, Matches(pattern, key));
                    Assert.Equal(owner == name, ns.IsOfTenant(Wire.Bytes(key)));
                }
            }
        }
    }

    [Fact]
    public void A_placement_of_one_tenant_is_not_matched_by_the_patterns_of_another_placement()
    {
        foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
        {
            foreach (KeyPlacement other in Enum.GetValues<KeyPlacement>().Where(other => other != placement))
            {
                byte[] pattern = NamespacePattern.OfAllDatabases("c@k", placement);
                Assert.DoesNotContain(Everything(other), each => Matches(pattern, each.Key));
            }
        }
    }

    [Theory]
    [InlineData(KeyPlacement.Spread, 0)]
    [InlineData(KeyPlacement.Spread, 11)]
    [InlineData(KeyPlacement.Pinned, 0)]
    [InlineData(KeyPlacement.Pinned, 1)]
    [InlineData(KeyPlacement.Tagged, 0)]
    [InlineData(KeyPlacement.Tagged, 11)]
    public void The_pattern_of_a_database_lets_all_its_keys_through_and_decoding_stops_the_rest(KeyPlacement placement, int database)
    {
        var ns = new KeyNamespace("c@k", placement, database);
        byte[] all = NamespacePattern.Of(ns, "*"u8);
        foreach (string key in Keys) Assert.True(Matches(all, Wire.Text(ns.Encode(Wire.Bytes(key)))));
        foreach ((string owner, string key) in Everything(placement))
        {
            if (!Matches(all, key)) Assert.False(ns.Owns(Wire.Bytes(key)));
            else if (NamespacePattern.IsExact(ns)) Assert.True(ns.Owns(Wire.Bytes(key)));
            else Assert.Equal("c@k", owner);
        }
    }

    [Fact]
    public void What_a_name_could_mean_to_a_glob_is_escaped()
    {
        var ns = new KeyNamespace("c*?[]^\\@a");
        Assert.Equal("c\\*\\?\\[\\]\\^\\\\@a:x*", Wire.Text(NamespacePattern.Of(ns, "x*"u8)));
        Assert.Equal("c\\*\\?\\[\\]\\^\\\\@a[:/]*", Wire.Text(NamespacePattern.OfAllDatabases(ns.Name, KeyPlacement.Spread)));
    }

    [Fact]
    public void A_tenants_channels_have_the_plain_prefix_whatever_the_placement_and_its_shard_channels_are_named_as_keys()
    {
        foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
        {
            var tenant = new Tenant(new TenantSnapshot { Name = "k", Upstream = "c", Namespace = "c@k", Placement = placement, Databases = 3 }, 0);
            Assert.Equal("c@k:news", Wire.Text(tenant.Channels.Encode("news"u8)));
            Assert.Equal(Wire.Text(tenant.Databases[0].Encode("news"u8)), Wire.Text(tenant.ShardChannels.Encode("news"u8)));
            Assert.Equal([0, 1, 2], tenant.Databases.Select(database => database.Database));
            foreach (KeyNamespace ns in (KeyNamespace[])[tenant.Channels, tenant.ShardChannels])
                Assert.Contains(tenant.ChannelPatterns, pattern => Matches(pattern, Wire.Text(ns.Encode("n{e}ws"u8))));
            Assert.DoesNotContain(tenant.ChannelPatterns, pattern => Matches(pattern, "c@k1:news") || Matches(pattern, "{c@k1:news}"));
        }
    }

    private static IEnumerable<(string Owner, string Key)> Everything(KeyPlacement placement) =>
        from name in Names
        from database in new[] { 0, 1, 11 }
        let ns = new KeyNamespace(name, placement, database)
        from key in Keys.Where((_, i) => i % 7 == 0 || i < 300)
        select (name, Wire.Text(ns.Encode(Wire.Bytes(key))));

    /// <summary>Redis's glob as far as these patterns go: <c>*</c>, <c>\</c>, <c>[ab]</c> and letters.</summary>
    private static bool Matches(ReadOnlySpan<byte> pattern, string text)
    {
        if (pattern.IsEmpty) return text.Length == 0;
        if (pattern[0] == '*')
        {
            for (int i = 0; i <= text.Length; i++)
            {
                if (Matches(pattern[1..], text[i..])) return true;
            }

            return false;
        }

        if (pattern[0] == '[')
        {
            int close = pattern.IndexOf((byte)']');
            return text.Length > 0 && pattern[1..close].Contains((byte)text[0]) && Matches(pattern[(close + 1)..], text[1..]);
        }

        if (pattern[0] == '\\') pattern = pattern[1..];
        return text.Length > 0 && text[0] == pattern[0] && Matches(pattern[1..], text[1..]);
    }
}
