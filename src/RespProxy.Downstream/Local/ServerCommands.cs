using System.Globalization;
using System.IO.Enumeration;
using System.Text;
using RespProxy.Downstream.Insight;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>
/// What a client asks of "the server": synthesised, so that each tenant sees a plain Redis of its own and nothing of the nodes, their hosts
/// or other tenants.
/// </summary>
internal static class ServerCommands
{
    /// <summary>Told until a node has told its own.</summary>
    private const string FallbackVersion = "7.0.0";

    /// <summary>What CONFIG GET knows: what clients and benchmarks ask for on connect, with the values true for a tenant; <see cref="LiveSettings"/> adds those that differ.</summary>
    private static readonly (string Name, string Value)[] Settings =
    [
        ("appendonly", "no"),
        ("maxmemory", "0"),
        ("maxmemory-policy", "noeviction"),
        ("notify-keyspace-events", ""),
        ("save", ""),
        ("timeout", "0"),
    ];

    public static string VersionOf(ClientSession session) => session.Tenant is null ? FallbackVersion : session.Upstream.ServerVersion ?? FallbackVersion;

    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        ReplyBuilder reply = session.Loop.Builder.Start(session.IsResp3);
        switch (spec.Local)
        {
            case LocalCommand.Time:
                Time(session, reply);
                break;
            case LocalCommand.Info:
                reply.Text(ServerInfo.Write(session, request));
                break;
            case LocalCommand.Config:
                ConfigGet(session, reply, request);
                break;
            case LocalCommand.Acl:
                reply.Bulk(session.Tenant!.Name);
                break;
            case LocalCommand.Role:
                reply.Array(3).Bulk("master").Integer(0).Array(0);
                break;
            case LocalCommand.Lolwut:
                reply.Text("Redis ver. " + VersionOf(session) + "\n");
                break;
            case LocalCommand.Cluster:
                ClusterCommands.Execute(session, request, spec, reply);
                break;
            case LocalCommand.SlowLog:
                SlowLogCommands.Execute(session, request, spec, reply);
                break;
            case LocalCommand.Insight:
                InsightCommands.Execute(session, request, spec, reply);
                break;
            case LocalCommand.Asking:
            case LocalCommand.Readonly:
            case LocalCommand.Readwrite:
                reply.Raw(session.Origin.IsClusterView ? "+OK\r\n"u8 : WireErrors.ClusterDisabled);
                break;
            case LocalCommand.Help:
                Help(reply, spec);
                break;
            default:
                reply.Error(Refusals.Text(spec, session.Tenant!));
                break;
        }

        session.Reply(reply.Written);
    }

    private static void Time(ClientSession session, ReplyBuilder reply)
    {
        DateTimeOffset now = session.Loop.Time.GetUtcNow();
        long microseconds = now.Ticks / TimeSpan.TicksPerMicrosecond % 1_000_000;
        reply.Array(2).Bulk(now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)).Bulk(microseconds.ToString(CultureInfo.InvariantCulture));
    }

    private static void ConfigGet(ClientSession session, ReplyBuilder reply, in RequestView request)
    {
        (string Name, string Value)[] settings = [.. Settings, .. LiveSettings.Of(session)];
        var found = new List<(string Name, string Value)>();
        for (int i = 2; i < request.Count; i++)
        {
            string pattern = Encoding.UTF8.GetString(request[i]);
            found.AddRange(settings.Where(setting => FileSystemName.MatchesSimpleExpression(pattern, setting.Name)));
        }

        (string Name, string Value)[] distinct = [.. found.Distinct()];
        reply.Map(distinct.Length);
        foreach ((string name, string value) in distinct) reply.Bulk(name).Bulk(value);
    }

    internal static void Help(ReplyBuilder reply, CommandSpec spec)
    {
        string container = spec.Name[..spec.Name.IndexOf('|', StringComparison.Ordinal)];
        CommandSpec[] usable = [.. CommandTable.All.Where(other => other.Refusal == Refusal.None && other.Name.StartsWith(container + "|", StringComparison.Ordinal))];
        reply.Array(usable.Length + 1);
        reply.Simple(Encoding.ASCII.GetBytes(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
        foreach (CommandSpec each in usable) reply.Simple(Encoding.ASCII.GetBytes(each.Name[(container.Length + 1)..]));
    }
}
