using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using RespProxy.Configuration;
using RespProxy.Tenancy.HotKeys;

namespace RespProxy.Microbenchmarks.Benchmarks;

/// <summary>What counting a key costs: when its request is not sampled, when it is, and when each key is a new one; and to ask whether one is hot.</summary>
[MemoryDiagnoser]
public class HotKeyBenchmarks
{
    private readonly TenantHotKeys _sampled = Make(new HotKeysSnapshot());
    private readonly TenantHotKeys _all = Make(new HotKeysSnapshot { Sample = 1 });
    private readonly byte[][] _keys = [.. Enumerable.Range(0, 65_536).Select(i => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"key:{i:D12}")))];
    private int _next;

    [Benchmark]
    public void SampledAsConfigured() => Count(_sampled, _keys[_next++ & 0xffff]);

    [Benchmark]
    public void EachOfAFewKeys() => Count(_all, _keys[_next++ & 0x3f]);

    [Benchmark]
    public void EachOfManyKeys() => Count(_all, _keys[_next++ & 0xffff]);

    [Benchmark]
    public bool AskWhetherHot() => _all.IsHot(_keys[_next++ & 0x3f], 0);

    private static TenantHotKeys Make(HotKeysSnapshot configuration) =>
        new(configuration, TimeProvider.System, new SampleBudget(configuration.Sample, TimeProvider.System.TimestampFrequency));

    private static void Count(TenantHotKeys keys, byte[] key)
    {
        if (keys.IsNextSampled()) keys.CountUse(new SketchKey(key, 0), isRead: true);
    }
}
