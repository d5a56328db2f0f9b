using System.Text;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.HotKeys;

namespace RespProxy.Downstream.Insight;

/// <summary>
/// RESPPROXY: what the proxy has seen of the client's own tenant, and lets it do. No Redis has this command; its replies are maps and arrays of them,
/// flat arrays in RESP2, as Redis's own are. Summed over the loops without waiting for them.
/// </summary>
internal static class InsightCommands
{
    private const int DefaultCount = 10;

    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec, ReplyBuilder reply)
    {
        switch (spec.Name)
        {
            case "RESPPROXY|HOTKEYS":
                HotKeys(session, request, reply);
                break;
            case "RESPPROXY|BIGKEYS":
                if (TryReadCount(request, from: 2, reply, out int count)) KeyReports.WriteBigKeys(session, count, reply);
                break;
            case "RESPPROXY|SLOWLOG":
                if (request.Count > 3) reply.Error("ERR wrong number of arguments for 'respproxy|slowlog' command"u8);
                else SlowLogCommands.Execute(session, request, spec, reply);
                break;
            case "RESPPROXY|LIMITS":
                RuleReports.WriteLimits(session.Tenant!, reply);
                break;
            case "RESPPROXY|RULES":
                RuleReports.WriteRules(session.Tenant!, reply);
                break;
            default:
                StatsReport.Write(session, reply);
                break;
        }
    }

    /// <summary>HOTKEYS [READS | WRITES | BYTES] [COUNT n]</summary>
    private static void HotKeys(ClientSession session, in RequestView request, ReplyBuilder reply)
    {
        HotKeyMeasure? only = request.Count > 2 ? MeasureOf(request[2]) : null;
        if (TryReadCount(request, from: only is null ? 2 : 3, reply, out int count)) KeyReports.WriteHotKeys(session, only, count, reply);
    }

    private static HotKeyMeasure? MeasureOf(ReadOnlySpan<byte> argument)
    {
        foreach (HotKeyMeasure measure in Enum.GetValues<HotKeyMeasure>())
        {
            if (LocalCommands.Is(argument, Encoding.ASCII.GetBytes(measure.ToString()))) return measure;
        }

        return null;
    }

    /// <summary>COUNT n, or nothing; answers an error otherwise.</summary>
    private static bool TryReadCount(in RequestView request, int from, ReplyBuilder reply, out int count)
    {
        count = DefaultCount;
        if (request.Count == from) return true;
        if (request.Count != from + 2 || !LocalCommands.Is(request[from], "COUNT"u8)) reply.Raw(WireErrors.Syntax);
        else if (!RespNumber.TryParse(request[from + 1], out long number)) reply.Raw(WireErrors.NotAnInteger);
        else if (number is < 1 or > int.MaxValue) reply.Error("ERR COUNT should be greater than 0"u8);
        else count = (int)number;
        return request.Count == from + 2 && reply.Written.IsEmpty;
    }
}
