using RespProxy.Configuration;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Tenants;

public class PlacementMarkerTests
{
    [Fact]
    public void A_marker_reads_what_it_writes_and_nothing_else()
    {
        foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
        {
            var marker = new PlacementMarker("cluster1@app1", placement);
            Assert.Equal(marker, PlacementMarker.Parse(marker.ToString()));
        }

        Assert.Equal("cluster1@app1 pinned", new PlacementMarker("cluster1@app1", KeyPlacement.Pinned).ToString());
        foreach (string text in (string[])["", "cluster1@app1", "cluster1@app1 Pinned", "cluster1@app1  pinned", "cluster1@app1 pinned ", "app1 pinned", "c@a:b spread", "c@a 1"])
            Assert.Null(PlacementMarker.Parse(text));
    }

    [Fact]
    public void No_namespace_reaches_the_key_of_a_marker()
    {
        var tenant = new Tenant(new TenantSnapshot { Name = "shop", Upstream = "c", Namespace = "c@shop" }, 0);
        string key = PlacementMarker.KeyOf(tenant);
        Assert.Equal("respproxy:tenant:shop", key);
        // What stands before the first colon of a key in a namespace is its name, or begins with a brace or ends in a database.
        Assert.NotNull(NamespaceRules.Check("respproxy"));
        foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
        {
            foreach (string name in (string[])["respproxy@tenant", "r@shop", "respproxy@shop"])
                Assert.False(new KeyNamespace(name, placement).IsOfTenant(Wire.Bytes(key)));
        }
    }
}
