using System.Text;
using RespProxy.Tenancy.Scripts;

namespace RespProxy.Tenancy.Tests.Scripts;

public sealed class ScriptRegistryTests
{
    [Fact]
    public void A_digest_is_what_redis_answers_to_SCRIPT_LOAD_and_is_read_in_any_letter_case()
    {
        ScriptDigest digest = ScriptDigest.Of("return 1"u8);

        Assert.Equal("e0e1f9fabfc9d4800c877a703b823ac0578ff8db", digest.ToString());
        Assert.True(ScriptDigest.TryParse("E0E1F9fabfc9d4800c877a703b823ac0578ff8db"u8, out ScriptDigest parsed));
        Assert.Equal(digest, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("e0e1f9fabfc9d4800c877a703b823ac0578ff8d")]
    [InlineData("e0e1f9fabfc9d4800c877a703b823ac0578ff8dbb")]
    [InlineData("g0e1f9fabfc9d4800c877a703b823ac0578ff8db")]
    [InlineData("é0e1f9fabfc9d4800c877a703b823ac0578ff8db")]
    public void What_is_no_digest_is_not_read(string text) => Assert.False(ScriptDigest.TryParse(Encoding.Latin1.GetBytes(text), out _));

    [Fact]
    public void A_script_is_kept_with_its_source_until_the_registry_is_cleared()
    {
        var registry = new ScriptRegistry();
        ScriptDigest digest = Add(registry, "return 1", isLoaded: false);

        Assert.True(registry.TryGet(digest, out KeptScript? script));
        Assert.Equal("return 1", Encoding.UTF8.GetString(script.Source));
        Assert.False(registry.TryGet(ScriptDigest.Of("return 2"u8), out _));
        registry.Clear();
        Assert.False(registry.TryGet(digest, out _));
    }

    [Fact]
    public void A_full_registry_forgets_what_was_merely_run_before_what_was_loaded()
    {
        var registry = new ScriptRegistry(maxScripts: 16);
        ScriptDigest loaded = Add(registry, "loaded", isLoaded: true);
        for (int i = 0; i < 100; i++)
        {
            Add(registry, $"return {i}", isLoaded: false);
            Assert.InRange(registry.Count, 1, 16);
        }

        Assert.True(registry.TryGet(loaded, out _));
        Assert.True(registry.TryGet(ScriptDigest.Of("return 99"u8), out _));
        Assert.False(registry.TryGet(ScriptDigest.Of("return 0"u8), out _));
    }

    [Fact]
    public void The_bytes_are_bounded_and_one_script_larger_than_all_is_not_kept()
    {
        var registry = new ScriptRegistry(maxBytes: 1000);
        ScriptDigest huge = Add(registry, new string('x', 1001), isLoaded: true);
        Assert.False(registry.TryGet(huge, out _));
        for (int i = 0; i < 10; i++) Add(registry, new string((char)('a' + i), 300), isLoaded: true);
        Assert.InRange(registry.Count, 1, 3);
        Assert.True(registry.TryGet(ScriptDigest.Of(Encoding.UTF8.GetBytes(new string('j', 300))), out _));
    }

    private static ScriptDigest Add(ScriptRegistry registry, string source, bool isLoaded)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(source);
        ScriptDigest digest = ScriptDigest.Of(bytes);
        registry.Add(digest, bytes, isLoaded);
        return digest;
    }
}
