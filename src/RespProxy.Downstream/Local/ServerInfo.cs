using System.Globalization;
using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>INFO in the sections and fields that clients parse. https://redis.io/docs/latest/commands/info/</summary>
internal static class ServerInfo
{
    /// <summary>Long, and told only to those who ask for it or for everything, as in Redis.</summary>
    private const string Commandstats = "commandstats";

    private static readonly (string Name, Action<StringBuilder, ClientSession> Write)[] Sections =
    [
        ("server", WriteServer),
        ("clients", WriteClients),
        ("memory", (text, _) => text.Append("# Memory\r\nused_memory:0\r\nused_memory_human:0B\r\nused_memory_peak_human:0B\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n")),
        ("persistence", (text, _) => text.Append("# Persistence\r\nloading:0\r\nasync_loading:0\r\nrdb_bgsave_in_progress:0\r\naof_enabled:0\r\n")),
        ("stats", (text, _) => text.Append("# Stats\r\n")),
        ("replication", (text, _) => text.Append("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n")),
        (Commandstats, CommandStats.Write),
        ("cluster", (text, session) => text.Append("# Cluster\r\ncluster_enabled:").Append(session.Origin.IsClusterView ? '1' : '0').Append("\r\n")),
        ("keyspace", (text, _) => text.Append("# Keyspace\r\n")),
    ];

    public static string Write(ClientSession session, in RequestView request)
    {
        var wanted = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (int i = 1; i < request.Count; i++) wanted.Add(Encoding.UTF8.GetString(request[i]));
        bool isAll = wanted.Contains("all") || wanted.Contains("everything");
        bool isDefault = wanted.Count == 0 || wanted.Contains("default");
        var text = new StringBuilder();
        foreach ((string name, Action<StringBuilder, ClientSession> write) in Sections)
        {
            if (!isAll && !(isDefault && name != Commandstats) && !wanted.Contains(name)) continue;
            if (text.Length > 0) text.Append("\r\n");
            write(text, session);
        }

        return text.ToString();
    }

    private static void WriteServer(StringBuilder text, ClientSession session)
    {
        ServerFacts facts = session.Loop.Facts;
        long uptime = (long)(facts.Time.GetUtcNow() - facts.StartedAt).TotalSeconds;
        text.Append(
            CultureInfo.InvariantCulture,
            $"# Server\r\nredis_version:{ServerCommands.VersionOf(session)}\r\nredis_mode:{(session.Origin.IsClusterView ? "cluster" : "standalone")}\r\narch_bits:64\r\nrun_id:{facts.RunId}\r\nuptime_in_seconds:{uptime}\r\nuptime_in_days:{uptime / 86400}\r\n");
    }

    private static void WriteClients(StringBuilder text, ClientSession session)
    {
        int own = session.Loop.Registry.All.Count(other => other.Tenant == session.Tenant);
        text.Append(CultureInfo.InvariantCulture, $"# Clients\r\nconnected_clients:{own}\r\nblocked_clients:0\r\n");
    }
}
