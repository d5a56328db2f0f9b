using RespProxy.Downstream.Inspection;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Insight;

/// <summary>RESPPROXY HOTKEYS and BIGKEYS: a tenant's keys, by the client's names, over all loops.</summary>
internal static class KeyReports
{
    /// <summary>By one measure, or by each. Any thread.</summary>
    public static HotKeysReading ReadHotKeys(Tenant tenant, ProxyLoop loop, HotKeyMeasure? only, int count)
    {
        TenantHotKeys[] loops = [.. Of(tenant, loop).Select(insight => insight.HotKeys).OfType<TenantHotKeys>()];
        HotKeyMeasure[] measures = only is { } wanted ? [wanted] : Enum.GetValues<HotKeyMeasure>();
        HotKeyRanking[] rankings = [.. measures.Select(measure => Rank(loops, measure, count))];
        return new HotKeysReading(rankings.Max(ranking => ranking.Covered), loops.Length == 0 ? 1 : loops.Max(each => each.Stride), rankings);
    }

    /// <summary>Any thread.</summary>
    public static IReadOnlyList<BigKey> ReadBigKeys(Tenant tenant, ProxyLoop loop, int count)
    {
        var keys = new List<BigKey>();
        foreach (TenantInsight insight in Of(tenant, loop)) insight.BigKeys?.CopyTo(keys);
        return BigKeyTable.Top(keys, count);
    }

    public static void WriteHotKeys(ClientSession session, HotKeyMeasure? only, int count, ReplyBuilder reply)
    {
        HotKeysReading reading = ReadHotKeys(session.Tenant!, session.Loop, only, count);
        reply.Map(2 + reading.Rankings.Count);
        reply.Bulk("seconds").Integer((long)Math.Ceiling(reading.Covered.TotalSeconds));
        reply.Bulk("sample").Integer(reading.Sample);
        foreach (HotKeyRanking ranking in reading.Rankings)
        {
            reply.Bulk(ranking.Measure.ToString().ToLowerInvariant()).Map(2).Bulk("total").Integer(ranking.Total);
            Write(reply.Bulk("keys"), ranking);
        }
    }

    public static void WriteBigKeys(ClientSession session, int count, ReplyBuilder reply)
    {
        IReadOnlyList<BigKey> top = ReadBigKeys(session.Tenant!, session.Loop, count);
        reply.Array(top.Count);
        foreach (BigKey key in top)
        {
            reply.Map(7).Bulk("key").Bulk(key.Key).Bulk("length").Integer(key.Length).Bulk("database").Integer(key.Database);
            reply.Bulk("bytes").Integer(key.Bytes).Bulk("elements").Integer(key.Elements);
            reply.Bulk("command").Bulk(key.Command.Name.ToLowerInvariant()).Bulk("seen").Integer(key.Seen);
        }
    }

    /// <summary>The tenant's part on each loop that it has had clients on.</summary>
    public static IEnumerable<TenantInsight> Of(Tenant tenant, ProxyLoop loop) => loop.Facts.Loops.Select(each => each.Insight.Find(tenant)).OfType<TenantInsight>();

    private static HotKeyRanking Rank(TenantHotKeys[] loops, HotKeyMeasure measure, int count)
    {
        var merge = new HotKeyMerge();
        TimeSpan covered = TimeSpan.Zero;
        foreach (TenantHotKeys loop in loops)
        {
            TimeSpan its = loop.CopyTo(measure, merge);
            if (its > covered) covered = its;
        }

        return new HotKeyRanking(measure, covered, merge.Total, merge.Top(count));
    }

    private static void Write(ReplyBuilder reply, HotKeyRanking ranking)
    {
        reply.Array(ranking.Keys.Count);
        foreach (HotKey key in ranking.Keys)
        {
            reply.Map(6).Bulk("key").Bulk(key.Key).Bulk("length").Integer(key.Length).Bulk("database").Integer(key.Database);
            reply.Bulk("count").Integer(key.Count).Bulk("error").Integer(key.Error).Bulk("per-second").Integer(ranking.PerSecond(key));
        }
    }
}
