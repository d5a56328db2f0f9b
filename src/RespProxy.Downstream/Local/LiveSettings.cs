using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Downstream.Sessions;

namespace RespProxy.Downstream.Local;

/// <summary>What CONFIG GET tells from the proxy's own configuration; the names are Redis's.</summary>
internal static class LiveSettings
{
    public static IEnumerable<(string Name, string Value)> Of(ClientSession session)
    {
        LimitsSnapshot limits = session.Loop.Limits;
        yield return ("databases", Text(session.Tenant!.Databases.Length));
        yield return ("cluster-enabled", session.Origin.IsClusterView ? "yes" : "no");
        // redis-py's cluster client asks: a slot without an owner would be an error, and there is none.
        yield return ("cluster-require-full-coverage", "yes");
        yield return ("maxclients", Text(limits.MaxClients));
        yield return ("proto-max-bulk-len", Text(limits.MaxBulkLength));
        // StackExchange.Redis asks for both names.
        yield return ("replica-read-only", "yes");
        yield return ("slave-read-only", "yes");
        SlowLogSnapshot slowLog = session.Loop.Facts.SlowLogs.Configuration;
        yield return ("slowlog-log-slower-than", slowLog.Entries == 0 ? "-1" : Text((long)slowLog.Threshold.TotalMicroseconds));
        yield return ("slowlog-max-len", Text(slowLog.Entries));
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
