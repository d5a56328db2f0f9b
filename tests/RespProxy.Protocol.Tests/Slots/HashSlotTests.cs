using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Slots;

namespace RespProxy.Protocol.Tests.Slots;

public class HashSlotTests
{
    // The expected slots of named keys were answered by CLUSTER KEYSLOT of Redis 7.0.15.
    [Theory]
    [InlineData("123456789", 0x31C3)]
    [InlineData("", 0)]
    [InlineData("foo", 12182)]
    [InlineData("user1000", 3443)]
    [InlineData("somekey", 11058)]
    [InlineData("a", 15495)]
    public void A_key_without_braces_hashes_as_a_whole(string key, int slot) => Assert.Equal(slot, Slot(key));

    [Theory]
    [InlineData("{user1000}.following", "user1000")]
    [InlineData("{user1000}.followers", "user1000")]
    [InlineData("foo{{bar}}zap", "{bar")]
    [InlineData("foo{bar}{zap}", "bar")]
    [InlineData("a}b{c}d", "c")]
    [InlineData("{{}", "{")]
    public void A_key_with_a_tag_hashes_as_its_tag(string key, string tag) => Assert.Equal(WholeSlot(tag), Slot(key));

    [Theory]
    [InlineData("foo{}{bar}")]
    [InlineData("{}")]
    [InlineData("foo{bar")]
    [InlineData("foo}bar{")]
    [InlineData("}{")]
    [InlineData("{")]
    public void A_key_with_an_empty_or_unclosed_tag_hashes_as_a_whole(string key) => Assert.Equal(WholeSlot(key), Slot(key));

    [Theory]
    [InlineData("{user1000}.following", true, "user1000")]
    [InlineData("foo{}{bar}", false, "")]
    [InlineData("foo", false, "")]
    public void The_tag_is_found_where_there_is_one(string key, bool found, string tag)
    {
        Assert.Equal(found, HashTag.TryFind(Encoding.UTF8.GetBytes(key), out ReadOnlySpan<byte> actual));
        Assert.Equal(tag, Encoding.UTF8.GetString(actual));
    }

    [Fact]
    public void Every_length_hashes_as_the_bitwise_definition_does()
    {
        var random = new Random(7);
        for (int length = 0; length <= 200; length++)
        {
            byte[] key = new byte[length];
            random.NextBytes(key);
            Assert.Equal(NaiveSlot(key), HashSlot.Of(key));
        }
    }

    [Fact]
    public void Any_key_hashes_as_the_bitwise_definition_does() =>
        Prop.ForAll<byte[]>(key => HashSlot.Of(key) == NaiveSlot(key)).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_key_of_few_letters_and_braces_hashes_as_the_bitwise_definition_does() =>
        Prop.ForAll(BracedKeys(), key => HashSlot.Of(key) == NaiveSlot(key)).QuickCheckThrowOnFailure();

    [Fact]
    public void A_prefix_and_a_key_hash_as_the_two_joined() =>
        Prop.ForAll(Prefixes(), BracedKeys(), (prefix, key) =>
            HashSlot.Of(new SlotPrefix(prefix), key) == NaiveSlot([.. prefix, .. key])).QuickCheckThrowOnFailure();

    [Fact]
    public void The_empty_prefix_changes_nothing() =>
        Prop.ForAll<byte[]>(key => HashSlot.Of(default, key) == HashSlot.Of(key)).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("{app}:")]
    [InlineData("a{")]
    [InlineData("a}")]
    public void A_prefix_with_a_brace_is_refused(string prefix) =>
        Assert.Throws<ArgumentException>(() => new SlotPrefix(Encoding.UTF8.GetBytes(prefix)));

    [Fact]
    public void Hashing_allocates_nothing()
    {
        byte[] key = Encoding.UTF8.GetBytes("session:{user1000}:cart");
        var prefix = new SlotPrefix("c1@app1:"u8);
        int sum = HashSlot.Of(key) + HashSlot.Of(prefix, key);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) sum += HashSlot.Of(key) + HashSlot.Of(prefix, key);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.NotEqual(0, sum);
    }

    private static Arbitrary<byte[]> BracedKeys() => Gen.Elements((byte)'{', (byte)'}', (byte)'a', (byte)'b').ArrayOf().ToArbitrary();

    private static Arbitrary<byte[]> Prefixes() => Gen.Elements("cluster1@app:"u8.ToArray()).ArrayOf().ToArbitrary();

    private static int Slot(string key) => HashSlot.Of(Encoding.UTF8.GetBytes(key));

    private static int WholeSlot(string text) => NaiveCrc(Encoding.UTF8.GetBytes(text)) % HashSlot.Count;

    // keyHashSlot as the specification prints it.
    private static int NaiveSlot(byte[] key)
    {
        int open = Array.IndexOf(key, (byte)'{');
        if (open < 0) return NaiveCrc(key) % HashSlot.Count;
        int close = Array.IndexOf(key, (byte)'}', open + 1);
        return NaiveCrc(close < 0 || close == open + 1 ? key : key[(open + 1)..close]) % HashSlot.Count;
    }

    private static int NaiveCrc(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        foreach (byte b in bytes)
        {
            crc ^= b << 8;
            for (int bit = 0; bit < 8; bit++)
                crc = ((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xFFFF;
        }

        return crc;
    }
}
