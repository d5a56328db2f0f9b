using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.SlowLog;

/// <summary>SLOWLOG GET, LEN, RESET of the tenant's own log. https://redis.io/docs/latest/commands/slowlog-get/</summary>
internal static class SlowLogCommands
{
    /// <summary>Redis's default for the count of GET.</summary>
    private const int DefaultCount = 10;

    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec, ReplyBuilder reply)
    {
        TenantSlowLog log = session.Loop.Facts.SlowLogs.Of(session.Tenant!);
        switch (spec.Name)
        {
            case "SLOWLOG|LEN":
                reply.Integer(log.Count);
                break;
            case "SLOWLOG|RESET":
                log.Clear();
                reply.Raw("+OK\r\n"u8);
                break;
            default:
                Get(log, request, reply);
                break;
        }
    }

    private static void Get(TenantSlowLog log, in RequestView request, ReplyBuilder reply)
    {
        long count = DefaultCount;
        if (request.Count > 3)
        {
            reply.Error($"ERR unknown subcommand or wrong number of arguments for '{Encoding.UTF8.GetString(request[1])}'. Try SLOWLOG HELP.");
        }
        else if (request.Count == 3 && (!RespNumber.TryParse(request[2], out count) || count < -1))
        {
            reply.Error("ERR count should be greater than or equal to -1"u8);
        }
        else
        {
            SlowLogEntry[] entries = log.Newest(count == -1 ? int.MaxValue : (int)Math.Min(count, int.MaxValue));
            reply.Array(entries.Length);
            foreach (SlowLogEntry entry in entries) Write(reply, entry);
        }
    }

    private static void Write(ReplyBuilder reply, SlowLogEntry entry)
    {
        SlowCommand command = entry.Command;
        reply.Array(6).Integer(entry.Id).Integer(command.At).Integer(command.Microseconds).Array(command.Arguments.Length);
        foreach (byte[] argument in command.Arguments) reply.Bulk(argument);
        reply.Bulk(command.Address).Bulk(command.ClientName);
    }
}
