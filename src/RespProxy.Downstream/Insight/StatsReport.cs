using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Downstream.Insight;

/// <summary>RESPPROXY STATS: names and numbers of one tenant, over all loops.</summary>
internal static class StatsReport
{
    public static void Write(ClientSession session, ReplyBuilder reply)
    {
        (string Name, long Value)[] figures = [.. Clients(session), .. Commands(session), .. Keys(session)];
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

    /// <summary>Since the start.</summary>
    private static IEnumerable<(string Name, long Value)> Commands(ClientSession session)
    {
        CommandReading total = session.Loop.Accounting.Ledger.Of(session.Tenant!.Name).Total;
        yield return ("commands", total.Calls);
        yield return ("commands-failed", total.Errors);
        yield return ("commands-denied", total.Denied);
        yield return ("commands-throttled", total.Throttled);
        yield return ("commands-delayed", total.Delayed);
        yield return ("commands-shadowed", total.Shadowed);
        yield return ("request-bytes", total.RequestBytes);
        yield return ("reply-bytes", total.ReplyBytes);
    }

    private static IEnumerable<(string Name, long Value)> Keys(ClientSession session)
    {
        TenantInsight[] loops = [.. KeyReports.Of(session.Tenant!, session.Loop)];
        yield return ("slowlog-entries", session.Loop.Facts.SlowLogs.Of(session.Tenant!).Count);
        yield return ("big-values-seen", loops.Sum(insight => insight.BigKeys?.Noted ?? 0));
        yield return ("hot-keys-memory", loops.Sum(insight => (long)(insight.HotKeys?.Size ?? 0)));
    }
}
