using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Slots;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Namespaces;

public class KeyNamespaceTests
{
    [Fact]
    public void The_prefix_is_the_name_and_a_colon()
    {
        var ns = new KeyNamespace("cluster1@app1");
        Assert.Equal("cluster1@app1:", Wire.Text(ns.Prefix));
        Assert.Equal(14, ns.PrefixLength);
        Assert.Equal("cluster1@app1", ns.ToString());
    }

    [Fact]
    public void The_slot_of_any_key_is_that_of_the_joined_bytes()
    {
        KeyNamespace[] namespaces = [new("c@a"), new("cluster1@app1"), new("a-long.cluster_name@" + new string('x', 100))];
        Gen<string> braced = Gen.Elements('{', '}', 'a', 'b', ':').ListOf().Select(chars => string.Concat(chars));
        Gen<string> any = Gen.Choose(0, 255).ListOf().Select(bytes => string.Concat(bytes.Select(b => (char)b)));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1_000), Prop.ForAll(Gen.OneOf(braced, any).ToArbitrary(), key =>
        {
            foreach (KeyNamespace ns in namespaces)
                Assert.Equal(HashSlot.Of(Wire.Bytes(ns.Name + ":" + key)), ns.SlotOf(Wire.Bytes(key)));
        }));
    }

    [Fact]
    public void A_hash_tag_of_the_client_decides_alone()
    {
        var ns = new KeyNamespace("cluster1@app1");
        Assert.Equal(HashSlot.Of("user1"u8), ns.SlotOf("{user1}.cart"u8));
        Assert.NotEqual(HashSlot.Of("user1"u8), ns.SlotOf("user1"u8));
    }
}
