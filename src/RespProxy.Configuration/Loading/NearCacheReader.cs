using System.Collections.Immutable;

namespace RespProxy.Configuration.Loading;

/// <summary>Reads a tenant's <c>nearCache</c>.</summary>
internal static class NearCacheReader
{
    private const long Kib = 1024, Gib = 1024L * 1024 * 1024;

    /// <summary>Null where the section is not there, or empty: off.</summary>
    public static NearCacheSnapshot? Read(Section tenant)
    {
        if (tenant.Node("nearCache") is not MapNode) return null;
        Section section = tenant.Child("nearCache");
        var defaults = new NearCacheSnapshot();
        var read = new NearCacheSnapshot
        {
            MaxBytes = section.Size("maxBytes", defaults.MaxBytes, 64 * Kib, 64 * Gib),
            MaxValueBytes = (int)section.Size("maxValueBytes", defaults.MaxValueBytes, 16, 16 * 1024 * Kib),
            MaxAge = section.Duration("maxAge", defaults.MaxAge, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            MaxLag = section.Duration("maxLag", defaults.MaxLag, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            Keys = section.Has("keys") ? ReadPatterns(section) : defaults.Keys,
        };
        if (read.MaxValueBytes > read.MaxBytes) section.Error("maxValueBytes", "is more than maxBytes: such a reply could never be kept; lower it");
        return read;
    }

    private static ImmutableArray<string> ReadPatterns(Section section)
    {
        ImmutableArray<string> patterns = [.. section.Items("keys").Select(item => item.Node).OfType<ScalarNode>().Where(scalar => !scalar.IsNull).Select(scalar => scalar.Text)];
        if (patterns.IsEmpty) section.Error("keys", "needs at least one pattern; without the key all keys are meant");
        return patterns;
    }
}
