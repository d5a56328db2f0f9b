using System.Text;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.HotKeys;

/// <summary>Steps that tests of counted keys share.</summary>
internal static class Counting
{
    public static void Add(this SpaceSaving sketch, string key, long weight = 1, int database = 0) => sketch.Add(new SketchKey(Encoding.UTF8.GetBytes(key), database), weight);

    public static string Name(this HotKey key) => Encoding.UTF8.GetString(key.Key);

    public static IReadOnlyList<HotKey> Top(int count, params SpaceSaving[] sketches)
    {
        var merge = new HotKeyMerge();
        foreach (SpaceSaving sketch in sketches) sketch.CopyTo(merge);
        return merge.Top(count);
    }

    /// <summary>Draws keys; how often each came, by rank.</summary>
    public static long[] AddZipf(this SpaceSaving sketch, int draws, int keys, double exponent, int seed)
    {
        var zipf = new ZipfKeys(keys, exponent, seed);
        var exact = new long[keys];
        for (int i = 0; i < draws; i++)
        {
            int rank = zipf.NextRank();
            exact[rank]++;
            sketch.Add(ZipfKeys.NameOf(rank));
        }

        return exact;
    }

    /// <summary>The names of the most frequent keys.</summary>
    public static IEnumerable<string> TrueTop(long[] exact, int count) =>
        exact.Select((times, rank) => (times, rank)).OrderByDescending(pair => pair.times).Take(count).Select(pair => ZipfKeys.NameOf(pair.rank));

    public static int RankOf(this HotKey key) => int.Parse(key.Name()["key:".Length..], System.Globalization.CultureInfo.InvariantCulture);
}
