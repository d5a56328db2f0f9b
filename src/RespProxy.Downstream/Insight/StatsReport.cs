using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Insight;

/// <summary>RESPPROXY STATS: names and numbers of one tenant, over all loops.</summary>
internal static class StatsReport
{
    public static void Write(ClientSession session, ReplyBuilder reply)
    {
        (string Name, long Value)[] figures = [.. Clients(session), .. Admission(session.Tenant!, session.Loop), .. Keys(session)];
        reply.Map(figures.Length);
        foreach ((string name, long value) in figures) reply.Bulk(name).Integer(value);
    }

    private static IEnumerable<(string Name, long Value)> Clients(ClientSession session)
    {
        ClientSession[] own = [.. session.Loop.Registry.All.Where(other => other.Tenant == session.Tenant)];
        yield return ("connections", own.Length);
        yield return ("connections-blocked", own.Count(other => other.IsBlocked));
        yield return ("connections-subscribed", own.Count(other => other.IsSubscribed));
    }

    /// <summary>What was said to the tenant's requests since the start; counted only where it is limited.</summary>
    private static IEnumerable<(string Name, long Value)> Admission(Tenant tenant, ProxyLoop loop)
    {
        AdmissionReading reading = tenant.Admission is null ? new AdmissionReading(tenant.Name) : AdmissionReading.Of(tenant, loop.Facts.Loops);
        yield return ("commands-denied", reading.Denied);
        yield return ("commands-throttled", reading.Throttled);
        yield return ("commands-delayed", reading.Delayed);
        yield return ("commands-shadowed", reading.Shadowed);
    }

    private static IEnumerable<(string Name, long Value)> Keys(ClientSession session)
    {
        TenantInsight[] loops = [.. KeyReports.Of(session.Tenant!, session.Loop)];
        yield return ("slowlog-entries", session.Loop.Facts.SlowLogs.Of(session.Tenant!).Count);
        yield return ("big-values-seen", loops.Sum(insight => insight.BigKeys?.Noted ?? 0));
        yield return ("hot-keys-memory", loops.Sum(insight => (long)(insight.HotKeys?.Size ?? 0)));
    }
}
