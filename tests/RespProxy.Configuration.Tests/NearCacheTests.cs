namespace RespProxy.Configuration.Tests;

/// <summary>A tenant's near cache as written.</summary>
public class NearCacheTests
{
    [Fact]
    public void There_is_none_unless_it_is_written_and_then_it_has_defaults()
    {
        Assert.Null(Loading.Valid(Loading.Minimal).Tenants[0].NearCache);
        Assert.Equal(new NearCacheSnapshot(), Read("nearCache: {}"));
    }

    [Fact]
    public void Two_loads_of_one_text_are_the_same()
    {
        const string Text = "nearCache: {maxBytes: 1mb, maxValueBytes: 1kb, maxAge: 2s, maxLag: 100ms, keys: ['a:*', b]}";
        NearCacheSnapshot read = Read(Text)!;
        Assert.Equal((1024 * 1024, 1024, TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(100)), (read.MaxBytes, read.MaxValueBytes, read.MaxAge, read.MaxLag));
        Assert.Equal(["a:*", "b"], read.Keys);
        Assert.Equal(read, Read(Text));
        Assert.NotEqual(read, Read(Text.Replace("b]", "c]", StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_hot_keys_it_would_keep_nothing()
    {
        string error = Assert.Single(Loading.Errors(Loading.Minimal + "\n    nearCache: {}\nhotKeys: {enabled: false}"));
        Assert.Contains("hotKeys.enabled is false", error, StringComparison.Ordinal);
    }

    private static NearCacheSnapshot? Read(string text) => Loading.Valid(Loading.Minimal + "\n    " + text).Tenants[0].NearCache;
}
