using RespProxy.Configuration;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Tests.Admission;
using RespProxy.Testing;
using Xunit;

namespace RespProxy.Tenancy.Tests.HotKeys;

public sealed class TenantHotKeysTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void A_slow_tenants_requests_are_all_counted()
    {
        TenantHotKeys keys = Make();
        for (int i = 0; i < 5_000; i++)
        {
            _time.Advance(2e-4);
            Read(keys, "k");
        }

        HotKey only = Assert.Single(Reading(keys).Top(10));
        Assert.Equal((5_000L, 0L), (only.Count, only.Error));
    }

    [Fact]
    public void A_fast_tenants_are_sampled_within_a_bound_and_estimated_right()
    {
        TenantHotKeys keys = Make();
        int sampled = 0;
        // Three keys in turn, at 1,000,000 a second for 4 s: a fixed stride of 128 would see them in turn, too; of 129 only one of them.
        for (int i = 0; i < 4_000_000; i++)
        {
            _time.Advance(1e-6);
            sampled += Read(keys, $"k{i % 3}") ? 1 : 0;
        }

        Assert.Equal(128, keys.Stride);
        Assert.InRange(sampled, 4_000_000 / 160, 4_000_000 / 80);
        IReadOnlyList<HotKey> top = Reading(keys).Top(10);
        Assert.Equal(3, top.Count);
        Assert.All(top, key => Assert.InRange(key.Count, 1_333_333 * 0.94, 1_333_333 * 1.06));
    }

    [Fact]
    public void A_tenant_that_became_slow_is_counted_exactly_again()
    {
        TenantHotKeys keys = Make();
        for (int i = 0; i < 1_000_000; i++)
        {
            _time.Advance(1e-6);
            Read(keys, "k");
        }

        Assert.Equal(128, keys.Stride);
        for (int i = 0; i < 200; i++)
        {
            _time.Advance(0.1);
            Read(keys, "k");
        }

        Assert.Equal(1, keys.Stride);
    }

    [Fact]
    public void Many_slow_tenants_together_are_sampled_within_a_bound_and_estimated_right()
    {
        SampleBudget budget = NewBudget();
        TenantHotKeys[] tenants = [.. Enumerable.Range(0, 400).Select(i => Make(budget: budget, seed: (ulong)(i + 1) * 0x9e3779b97f4a7c15))];
        var sampled = new int[40];
        // 100 requests a second each, 40,000 together, for 4 s: none is fast by itself.
        for (int i = 0; i < 160_000; i++)
        {
            _time.Advance(2.5e-5);
            sampled[i / 4_000] += Read(tenants[i % 400], "k") ? 1 : 0;
        }

        Assert.All(tenants, keys => Assert.InRange(keys.Stride, 2, 8));
        Assert.All(sampled[10..], inTenth => Assert.InRange(inTenth, SampleBudget.FullCount / 4, SampleBudget.FullCount + 100));
        Assert.InRange(tenants.Sum(keys => Assert.Single(Reading(keys).Top(10)).Count), 160_000 * 0.97, 160_000 * 1.03);
    }

    [Fact]
    public void A_slow_tenant_beside_a_busy_one_is_still_counted_exactly()
    {
        SampleBudget budget = NewBudget();
        TenantHotKeys busy = Make(budget: budget), slow = Make(budget: budget);
        // 100,000 a second, and 1,000.
        for (int i = 0; i < 400_000; i++)
        {
            _time.Advance(1e-5);
            Read(busy, "k");
            if (i >= 100_000 && i % 100 == 0) Read(slow, "k");
        }

        Assert.InRange(busy.Stride, 16, 64);
        HotKey only = Assert.Single(Reading(slow).Top(10));
        Assert.Equal((3_000L, 0L), (only.Count, only.Error));
    }

    [Fact]
    public void When_the_other_tenants_rest_a_slow_one_is_counted_exactly_again()
    {
        SampleBudget budget = NewBudget();
        TenantHotKeys[] tenants = [.. Enumerable.Range(0, 400).Select(i => Make(budget: budget, seed: (ulong)(i + 1) * 0x9e3779b97f4a7c15))];
        for (int i = 0; i < 160_000; i++)
        {
            _time.Advance(2.5e-5);
            Read(tenants[i % 400], "k");
        }

        Assert.True(tenants[0].Stride > 1);
        for (int i = 0; i < 20; i++)
        {
            _time.Advance(0.1);
            Read(tenants[0], "k");
        }

        Assert.Equal((1, 1), (tenants[0].Stride, budget.LeastStride));
    }

    [Fact]
    public void Sampling_a_Zipf_load_finds_the_true_top_ten()
    {
        TenantHotKeys keys = Make();
        var zipf = new ZipfKeys(10_000, exponent: 1.1, seed: 5);
        var exact = new long[10_000];
        for (int i = 0; i < 3_000_000; i++)
        {
            _time.Advance(5e-6);
            int rank = zipf.NextRank();
            exact[rank]++;
            Read(keys, ZipfKeys.NameOf(rank));
        }

        Assert.True(keys.Stride > 8);
        Assert.Equal(Counting.TrueTop(exact, 10).Order(), Reading(keys).Top(10).Select(key => key.Name()).Order());
    }

    [Fact]
    public void What_is_older_than_the_window_is_forgotten_and_what_is_younger_than_half_of_it_is_not()
    {
        TenantHotKeys keys = Make(window: 60);
        Read(keys, "old");
        _time.Advance(29);
        Read(keys, "young");
        Assert.Equal(["old", "young"], Names(keys));
        _time.Advance(29);
        Assert.Equal(["old", "young"], Names(keys));
        Read(keys, "new");
        Assert.Equal(["new", "old", "young"], Names(keys));
        _time.Advance(3);
        Read(keys, "newest");
        Assert.Equal(["new", "newest"], Names(keys));
        _time.Advance(60);
        Assert.Empty(Names(keys));
        Read(keys, "latest");
        Assert.Equal(["latest"], Names(keys));
    }

    [Fact]
    public void A_reading_covers_the_time_since_the_first_request_up_to_the_window()
    {
        TenantHotKeys keys = Make(window: 60);
        Read(keys, "k");
        _time.Advance(10);
        Assert.Equal(10, Covered(keys));
        _time.Advance(35);
        Read(keys, "k");
        Assert.Equal(45, Covered(keys));
        _time.Advance(25);
        Read(keys, "k");
        Assert.Equal(40, Covered(keys));
    }

    [Fact]
    public void A_key_is_hot_from_its_rate_on_and_not_any_more_once_others_are_read()
    {
        TenantHotKeys keys = Make(hotReads: 100);
        for (int i = 0; i < 99; i++) Read(keys, "k");
        Assert.False(IsHot(keys, "k"));
        Read(keys, "k");
        Assert.True(IsHot(keys, "k"));
        Assert.False(IsHot(keys, "other"));
        for (int i = 0; i < 100; i++)
        {
            _time.Advance(1);
            Read(keys, "other");
        }

        Assert.False(IsHot(keys, "k"));
    }

    [Fact]
    public void A_key_that_becomes_hot_is_so_before_the_window_says_it()
    {
        TenantHotKeys keys = Make(window: 60, hotReads: 100);
        for (int i = 0; i < 61; i++)
        {
            Read(keys, "slow");
            _time.Advance(1);
        }

        for (int i = 0; i < 300; i++) Read(keys, "sudden");
        Assert.True(IsHot(keys, "sudden"));
        Assert.False(IsHot(keys, "slow"));
    }

    [Fact]
    public void Writes_and_bytes_make_no_key_hot_and_reads_that_no_node_is_asked_for_do()
    {
        TenantHotKeys keys = Make(hotReads: 100);
        for (int i = 0; i < 1_000; i++)
        {
            _time.Advance(5e-4);
            Assert.True(keys.IsNextSampled());
            keys.CountUse(new SketchKey("w"u8, 0), isRead: false);
            keys.CountBytes(new SketchKey("w"u8, 0), 1_000);
            keys.CountLocalRead("cached"u8, 3);
        }

        Assert.False(IsHot(keys, "w"));
        Assert.True(keys.IsHot("cached"u8, 3));
        Assert.False(keys.IsHot("cached"u8, 0));
    }

    [Fact]
    public void An_idle_tenant_gives_its_memory_back()
    {
        TenantHotKeys keys = Make(window: 60);
        Assert.Equal(0, keys.Size);
        Read(keys, "k");
        int size = keys.Size;
        Assert.True(size > 0);
        _time.Advance(59);
        keys.Trim();
        Assert.Equal(size, keys.Size);
        _time.Advance(1);
        keys.Trim();
        Assert.Equal(0, keys.Size);
        Read(keys, "k");
        Assert.Equal(["k"], Names(keys));
    }

    [Fact]
    public void Ten_million_distinct_keys_over_many_windows_take_a_bounded_memory()
    {
        TenantHotKeys keys = Make();
        Span<byte> key = stackalloc byte[32];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000_000; i++)
        {
            _time.Advance(2e-5);
            System.Buffers.Text.Utf8Formatter.TryFormat(i, key, out int length);
            if (!keys.IsNextSampled()) continue;
            keys.CountUse(new SketchKey(key[..length], 0), isRead: i % 2 == 0);
            keys.CountBytes(new SketchKey(key[..length], 0), 100);
        }

        Assert.InRange(keys.Size, 1, 2 * 3 * 24 * 1024);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 3 * keys.Size);
    }

    private TenantHotKeys Make(int window = 60, int hotReads = 100, SampleBudget? budget = null, ulong seed = 20) =>
        new(new HotKeysSnapshot { Window = TimeSpan.FromSeconds(window), HotReads = hotReads }, _time, budget ?? NewBudget(), seed);

    private SampleBudget NewBudget() => new(new HotKeysSnapshot().Sample, _time.TimestampFrequency);

    private static bool Read(TenantHotKeys keys, string key)
    {
        if (!keys.IsNextSampled()) return false;
        keys.CountUse(new SketchKey(System.Text.Encoding.UTF8.GetBytes(key), 0), isRead: true);
        return true;
    }

    private static bool IsHot(TenantHotKeys keys, string key) => keys.IsHot(System.Text.Encoding.UTF8.GetBytes(key), 0);

    private static HotKeyMerge Reading(TenantHotKeys keys)
    {
        var merge = new HotKeyMerge();
        keys.CopyTo(HotKeyMeasure.Reads, merge);
        return merge;
    }

    private static IEnumerable<string> Names(TenantHotKeys keys) => Reading(keys).Top(100).Select(key => key.Name()).Order();

    private static double Covered(TenantHotKeys keys) => Math.Round(keys.CopyTo(HotKeyMeasure.Reads, new HotKeyMerge()).TotalSeconds, 3);
}
