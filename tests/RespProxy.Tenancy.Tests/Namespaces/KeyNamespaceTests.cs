using FsCheck;
using FsCheck.Fluent;
using RespProxy.Configuration;
using RespProxy.Protocol.Slots;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Namespaces;

public class KeyNamespaceTests
{
    /// <summary>Everything that means something in a name upstream, and a letter.</summary>
    private const string Alphabet = "{}:/1k";

    private static readonly KeyPlacement[] Placements = Enum.GetValues<KeyPlacement>();

    /// <summary>Look-alikes in every placement, databases that begin alike.</summary>
    private static readonly KeyNamespace[] Namespaces =
    [
        .. from name in new[] { "c@k", "c@k1", "c@kk", "k@c" }
           from placement in Placements
           from database in new[] { 0, 1, 11 }
           select new KeyNamespace(name, placement, database),
    ];

    [Theory]
    [InlineData(KeyPlacement.Spread, 0, "key", "cluster1@app1:key")]
    [InlineData(KeyPlacement.Spread, 3, "{t}key", "cluster1@app1/3:{t}key")]
    [InlineData(KeyPlacement.Pinned, 0, "{t}key", "{cluster1@app1}:{t}key")]
    [InlineData(KeyPlacement.Pinned, 15, "", "{cluster1@app1}/15:")]
    [InlineData(KeyPlacement.Tagged, 0, "lock", "{cluster1@app1:lock}")]
    [InlineData(KeyPlacement.Tagged, 0, "{lock}", "{cluster1@app1:lock}{}")]
    [InlineData(KeyPlacement.Tagged, 0, "user{7}cart{8}", "{cluster1@app1:7}user{}cart{8}")]
    [InlineData(KeyPlacement.Tagged, 0, "", "{cluster1@app1:}")]
    [InlineData(KeyPlacement.Tagged, 0, "{}{t}", "{cluster1@app1:}{}{t}")]
    [InlineData(KeyPlacement.Tagged, 0, "a}", "{cluster1@app1:}a}")]
    [InlineData(KeyPlacement.Tagged, 0, "{a{b}", "{cluster1@app1:a{b}{}")]
    [InlineData(KeyPlacement.Tagged, 3, "lock", "{cluster1@app1:lock}{3}")]
    [InlineData(KeyPlacement.Tagged, 3, "a{lock}b", "{cluster1@app1:lock}{3}a{}b")]
    [InlineData(KeyPlacement.Tagged, 3, "a}b", "{cluster1@app1:}{3}a}b")]
    public void A_key_is_called_upstream_as_the_placement_and_the_database_say(KeyPlacement placement, int database, string key, string expected)
    {
        var ns = new KeyNamespace("cluster1@app1", placement, database);
        Assert.Equal(expected, Wire.Text(ns.Encode(Wire.Bytes(key))));
        Assert.Equal(key, Wire.Text(ns.Decode(Wire.Bytes(expected))!));
        Assert.Equal(expected.Length - key.Length, ns.Growth);
    }

    [Fact]
    public void No_two_keys_of_any_tenants_placements_and_databases_meet_and_each_decodes_in_its_own_alone()
    {
        var owners = new Dictionary<string, (KeyNamespace, string)>();
        foreach (string key in AllTexts(Alphabet, 5))
        {
            foreach (KeyNamespace ns in Namespaces)
            {
                byte[] encoded = ns.Encode(Wire.Bytes(key));
                Assert.Equal(key.Length + ns.Growth, encoded.Length);
                Assert.True(owners.TryAdd(Wire.Text(encoded), (ns, key)), $"{Wire.Text(encoded)} is {key} of {ns} and another");
                Assert.Equal(key, Wire.Text(ns.Decode(encoded)!));
                if (key.Length > 3) continue;
                // c@k in two placements is one tenant's; so are its databases.
                foreach (KeyNamespace other in Namespaces) Assert.Equal(other == ns, other.Owns(encoded));
            }
        }
    }

    [Fact]
    public void A_decoder_takes_nothing_that_its_encoder_does_not_write()
    {
        byte[] destination = new byte[64];
        foreach (KeyNamespace ns in Namespaces)
        {
            foreach (string text in AllTexts(Alphabet, 5))
            {
                byte[] upstream = [.. ns.Prefix, .. Wire.Bytes(text)];
                int length = ns.Decode(upstream, destination);
                Assert.Equal(length >= 0, ns.Owns(upstream));
                if (length >= 0) Assert.Equal(Wire.Text(upstream), Wire.Text(ns.Encode(destination.AsSpan(0, length))));
            }
        }
    }

    [Fact]
    public void Any_bytes_make_a_key_that_comes_back_and_has_the_slot_of_its_name_upstream() =>
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Keys().ToArbitrary(), key =>
        {
            foreach (KeyNamespace ns in Namespaces.Append(new KeyNamespace("a-long.cluster_name@" + new string('x', 100), KeyPlacement.Tagged, 1023)))
            {
                byte[] encoded = ns.Encode(Wire.Bytes(key));
                Assert.Equal(HashSlot.Of(encoded), ns.SlotOf(Wire.Bytes(key)));
                Assert.Equal(Wire.Bytes(key), ns.Decode(encoded));
            }
        }));

    [Fact]
    public void Spread_leaves_a_hash_tag_of_the_client_to_decide_alone()
    {
        foreach (int database in (int[])[0, 3])
        {
            var ns = new KeyNamespace("cluster1@app1", KeyPlacement.Spread, database);
            Assert.Equal(HashSlot.Of("user1"u8), ns.SlotOf("{user1}.cart"u8));
            Assert.NotEqual(HashSlot.Of("user1"u8), ns.SlotOf("user1"u8));
        }
    }

    [Fact]
    public void Tagged_keeps_together_in_all_databases_what_shares_a_hash_tag_or_is_one()
    {
        var slots = new Dictionary<string, int>();
        foreach (string key in AllTexts(Alphabet, 5))
        {
            string part = Wire.Text(HashTag.TryFind(Wire.Bytes(key), out ReadOnlySpan<byte> tag) ? tag : Wire.Bytes(key));
            foreach (int database in (int[])[0, 1, 11])
            {
                int slot = new KeyNamespace("c@k", KeyPlacement.Tagged, database).SlotOf(Wire.Bytes(key));
                Assert.Equal(slots.TryGetValue(part, out int known) ? known : slots[part] = slot, slot);
            }
        }

        // And spreads otherwise: what has no closing brace anywhere goes by itself.
        Assert.True(slots.Values.Distinct().Count() > 1000);
    }

    [Fact]
    public void Pinned_keeps_all_databases_in_one_slot_which_other_tenants_need_not_share()
    {
        int slot = HashSlot.Of("c@k"u8);
        foreach (string key in AllTexts(Alphabet, 4))
        {
            foreach (int database in (int[])[0, 1, 11]) Assert.Equal(slot, new KeyNamespace("c@k", KeyPlacement.Pinned, database).SlotOf(Wire.Bytes(key)));
        }

        Assert.NotEqual(slot, new KeyNamespace("c@k1", KeyPlacement.Pinned).SlotOf("k"u8));
    }

    [Fact]
    public void Naming_keys_allocates_nothing()
    {
        byte[] encoded = new byte[64];
        byte[] decoded = new byte[64];
        foreach (KeyNamespace ns in Namespaces) RoundTrip(ns, encoded, decoded);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (KeyNamespace ns in Namespaces) RoundTrip(ns, encoded, decoded);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>All texts over an alphabet up to a length, the shortest first.</summary>
    internal static IEnumerable<string> AllTexts(string alphabet, int maxLength)
    {
        IEnumerable<string> texts = [""];
        for (int length = 0; length <= maxLength; length++)
        {
            string[] all = [.. texts];
            foreach (string text in all) yield return text;
            texts = all.SelectMany(text => alphabet.Select(letter => text + letter));
        }
    }

    private static void RoundTrip(KeyNamespace ns, byte[] encoded, byte[] decoded)
    {
        int length = ns.Encode("user{7}cart"u8, encoded) + (ns.SlotOf("user{7}cart"u8) * 0);
        if (ns.Decode(encoded.AsSpan(0, length), decoded) != 11) throw new InvalidOperationException("lost");
    }

    private static Gen<string> Keys()
    {
        Gen<string> braced = Gen.Elements('{', '}', 'a', '1', ':', '/').ListOf().Select(chars => string.Concat(chars));
        Gen<string> any = Gen.Choose(0, 255).ListOf().Select(bytes => string.Concat(bytes.Select(b => (char)b)));
        return Gen.OneOf(braced, any);
    }
}
