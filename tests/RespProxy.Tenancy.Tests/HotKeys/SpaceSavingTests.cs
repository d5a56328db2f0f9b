using System.Buffers.Binary;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Testing;
using Xunit;

namespace RespProxy.Tenancy.Tests.HotKeys;

public sealed class SpaceSavingTests
{
    private const int Counters = 256;

    [Theory]
    [InlineData(0.9, 1)]
    [InlineData(0.9, 2)]
    [InlineData(1.0, 3)]
    [InlineData(1.0, 4)]
    [InlineData(1.1, 5)]
    [InlineData(1.2, 6)]
    public void Of_a_Zipf_load_the_ten_first_are_the_true_top_ten(double exponent, int seed)
    {
        var sketch = new SpaceSaving(Counters);
        long[] exact = sketch.AddZipf(draws: 1_000_000, keys: 100_000, exponent, seed);
        Assert.Equal(Counting.TrueTop(exact, 10), Counting.Top(10, sketch).Select(key => key.Name()));
    }

    [Theory]
    [InlineData(0.9, 1)]
    [InlineData(1.0, 2)]
    [InlineData(1.2, 3)]
    public void No_count_is_off_by_more_than_the_total_over_the_counters(double exponent, int seed)
    {
        var sketch = new SpaceSaving(Counters);
        const int Draws = 300_000;
        long[] exact = sketch.AddZipf(Draws, keys: 50_000, exponent, seed);
        AssertBounds(Counting.Top(Counters, sketch), exact, bound: Draws / Counters);
    }

    [Fact]
    public void Every_key_above_the_total_over_the_counters_has_a_counter()
    {
        var sketch = new SpaceSaving(Counters);
        const int Draws = 300_000;
        long[] exact = sketch.AddZipf(Draws, keys: 50_000, exponent: 1.0, seed: 7);
        HashSet<string> counted = [.. Counting.Top(Counters, sketch).Select(key => key.Name())];
        string[] frequent = [.. exact.Select((times, rank) => (times, rank)).Where(pair => pair.times > Draws / Counters).Select(pair => ZipfKeys.NameOf(pair.rank))];
        Assert.True(frequent.Length > 10);
        Assert.Subset(counted, frequent.ToHashSet());
    }

    [Fact]
    public void A_stream_that_shakes_every_counter_between_two_uses_of_a_key_hides_its_share_by_no_more_than_the_bound()
    {
        // Each use of the one key is followed by as many others as there are counters, none of them ever again: what Space-Saving likes least.
        var sketch = new SpaceSaving(64);
        const int Rounds = 2_000;
        long total = 0;
        for (int round = 0; round < Rounds; round++)
        {
            sketch.Add("wanted");
            for (int i = 0; i < 64; i++) sketch.Add($"once:{round}:{i}");
            total += 65;
        }

        HotKey? wanted = Counting.Top(64, sketch).SingleOrDefault(key => key.Name() == "wanted");
        Assert.True(Rounds <= (wanted?.Count ?? sketch.MostMissed));
        Assert.True(sketch.MostMissed <= total / 64);
    }

    [Fact]
    public void A_stream_in_descending_blocks_keeps_both_bounds()
    {
        var sketch = new SpaceSaving(32);
        var exact = new long[200];
        for (int rank = 0; rank < exact.Length; rank++)
        {
            exact[rank] = 400 - rank;
            for (int i = 0; i < exact[rank]; i++) sketch.Add(ZipfKeys.NameOf(rank));
        }

        AssertBounds(Counting.Top(32, sketch), exact, bound: exact.Sum() / 32);
    }

    [Fact]
    public void Weights_count_as_so_many_single_uses()
    {
        var weighted = new SpaceSaving(8);
        var single = new SpaceSaving(8);
        var random = new Random(11);
        for (int i = 0; i < 5_000; i++)
        {
            string key = ZipfKeys.NameOf(random.Next(6));
            int weight = random.Next(1, 20);
            weighted.Add(key, weight);
            for (int j = 0; j < weight; j++) single.Add(key);
        }

        Assert.Equal(single.Total, weighted.Total);
        Assert.Equal(Counting.Top(8, single).Select(key => (key.Name(), key.Count, key.Error)), Counting.Top(8, weighted).Select(key => (key.Name(), key.Count, key.Error)));
    }

    [Fact]
    public void Ten_million_distinct_keys_take_no_more_memory_than_the_counters()
    {
        var sketch = new SpaceSaving(Counters);
        Span<byte> key = stackalloc byte[24];
        "distinct:"u8.CopyTo(key);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000_000; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(key[16..], i);
            sketch.Add(new SketchKey(key, 0), 1);
        }

        // What the tables were while they grew is counted, too: half of the final size, a quarter, and so on.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 2 * sketch.Size);
        Assert.InRange(sketch.Size, 1, 24 * 1024);
        Assert.Equal(Counters, sketch.Count);
        Assert.InRange(sketch.MostMissed, 1, 10_000_000 / Counters);
    }

    [Fact]
    public void The_longest_keys_take_a_bounded_memory_and_are_told_apart_behind_what_is_kept_of_them()
    {
        var sketch = new SpaceSaving(16);
        string start = new('x', 5_000);
        for (int i = 0; i < 1_000; i++) sketch.Add(start + (i % 2 == 0 ? "even" : "odd!"));
        IReadOnlyList<HotKey> top = Counting.Top(3, sketch);
        Assert.Equal([500L, 500L], top.Select(key => key.Count));
        Assert.All(top, key => Assert.Equal((SketchKey.MostKept, 5_004), (key.Key.Length, key.Length)));
        Assert.InRange(sketch.Size, 1, 16 * (SketchKey.MostKept + 64));
    }

    [Fact]
    public void A_key_of_two_databases_is_two_keys()
    {
        var sketch = new SpaceSaving(8);
        sketch.Add("k", weight: 3, database: 0);
        sketch.Add("k", weight: 5, database: 7);
        Assert.Equal([(7, 5L), (0, 3L)], Counting.Top(8, sketch).Select(key => (key.Database, key.Count)));
    }

    [Fact]
    public void Keys_of_every_length_are_found_again()
    {
        var sketch = new SpaceSaving(300);
        for (int round = 0; round < 2; round++)
        {
            for (int length = 0; length < 300; length++) sketch.Add(new string('k', length));
        }

        Assert.Equal(300, sketch.Count);
        Assert.All(Counting.Top(300, sketch), key => Assert.Equal((2L, 0L), (key.Count, key.Error)));
    }

    [Fact]
    public void Two_summaries_merged_keep_both_bounds()
    {
        var first = new SpaceSaving(Counters);
        var second = new SpaceSaving(Counters);
        long[] exact = first.AddZipf(draws: 200_000, keys: 20_000, exponent: 1.0, seed: 21);
        long[] more = second.AddZipf(draws: 100_000, keys: 20_000, exponent: 0.9, seed: 22);
        for (int rank = 0; rank < exact.Length; rank++) exact[rank] += more[rank];
        IReadOnlyList<HotKey> top = Counting.Top(2 * Counters, first, second);
        AssertBounds(top, exact, bound: 300_000 / Counters);
        Assert.Equal(Counting.TrueTop(exact, 10), top.Take(10).Select(key => key.Name()));
    }

    [Fact]
    public void What_is_cleared_counts_anew()
    {
        var sketch = new SpaceSaving(4);
        for (int i = 0; i < 100; i++) sketch.Add(ZipfKeys.NameOf(i % 10));
        sketch.Clear();
        sketch.Add("k");
        HotKey only = Assert.Single(Counting.Top(4, sketch));
        Assert.Equal(("k", 1L, 0L, 1L), (only.Name(), only.Count, only.Error, sketch.Total));
    }

    private static void AssertBounds(IReadOnlyList<HotKey> counted, long[] exact, long bound)
    {
        Assert.NotEmpty(counted);
        Assert.All(counted, key =>
        {
            long times = exact[key.RankOf()];
            Assert.InRange(times, key.Least, key.Count);
            Assert.InRange(key.Error, 0, bound);
        });
    }
}
