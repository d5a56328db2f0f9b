using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Insight;

/// <summary>RESPPROXY HOTKEYS and BIGKEYS: a tenant's keys, by the client's names, over all loops.</summary>
internal static class KeyReports
{
    /// <summary>By one measure, or by each.</summary>
    public static void WriteHotKeys(ClientSession session, HotKeyMeasure? only, int count, ReplyBuilder reply)
    {
        TenantHotKeys[] loops = [.. Of(session.Tenant!, session.Loop).Select(insight => insight.HotKeys).OfType<TenantHotKeys>()];
        HotKeyMeasure[] measures = only is { } wanted ? [wanted] : Enum.GetValues<HotKeyMeasure>();
        (HotKeyMerge Keys, TimeSpan Covered)[] readings = [.. measures.Select(measure => Read(loops, measure))];
        reply.Map(2 + measures.Length);
        reply.Bulk("seconds").Integer((long)Math.Ceiling(readings.Max(reading => reading.Covered).TotalSeconds));
        reply.Bulk("sample").Integer(loops.Length == 0 ? 1 : loops.Max(loop => loop.Stride));
        for (int i = 0; i < measures.Length; i++)
        {
            reply.Bulk(measures[i].ToString().ToLowerInvariant()).Map(2).Bulk("total").Integer(readings[i].Keys.Total);
            Write(reply.Bulk("keys"), readings[i].Keys.Top(count), readings[i].Covered);
        }
    }

    public static void WriteBigKeys(ClientSession session, int count, ReplyBuilder reply)
    {
        var keys = new List<BigKey>();
        foreach (TenantInsight insight in Of(session.Tenant!, session.Loop)) insight.BigKeys?.CopyTo(keys);
        IReadOnlyList<BigKey> top = BigKeyTable.Top(keys, count);
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

    private static (HotKeyMerge Keys, TimeSpan Covered) Read(TenantHotKeys[] loops, HotKeyMeasure measure)
    {
        var merge = new HotKeyMerge();
        TimeSpan covered = TimeSpan.Zero;
        foreach (TenantHotKeys loop in loops)
        {
            TimeSpan its = loop.CopyTo(measure, merge);
            if (its > covered) covered = its;
        }

        return (merge, covered);
    }

    private static void Write(ReplyBuilder reply, IReadOnlyList<HotKey> keys, TimeSpan covered)
    {
        double seconds = Math.Max(1, covered.TotalSeconds);
        reply.Array(keys.Count);
        foreach (HotKey key in keys)
        {
            reply.Map(6).Bulk("key").Bulk(key.Key).Bulk("length").Integer(key.Length).Bulk("database").Integer(key.Database);
            reply.Bulk("count").Integer(key.Count).Bulk("error").Integer(key.Error).Bulk("per-second").Integer((long)(key.Count / seconds));
        }
    }
}
