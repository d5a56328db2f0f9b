using System.Text;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Sessions;

/// <summary>The texts of refusals that name what was refused, worded as Redis 7 words them.</summary>
internal static class Refusals
{
    /// <summary>Longest part of an argument that an error quotes (Redis quotes 128 bytes).</summary>
    private const int QuotedLength = 128;

    public static string WrongArity(CommandSpec spec) => $"ERR wrong number of arguments for '{LowerName(spec)}' command";

    /// <summary>In RESP2, from the first subscription to the last.</summary>
    public static string WhileSubscribed(CommandSpec spec) =>
        $"ERR Can't execute '{LowerName(spec)}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";

    public static byte[] UnknownSubcommand(CommandSpec container, ReadOnlySpan<byte> subcommand) =>
        Encoding.Latin1.GetBytes($"ERR unknown subcommand '{Quote(subcommand)}'. Try {container.Name} HELP.");

    /// <summary>Why a command of the table is not run for this tenant.</summary>
    public static string Text(CommandSpec spec, Tenant tenant) => spec.Refusal != Refusal.NotYet
        ? Denied(spec, tenant)
        : $"ERR command '{LowerName(spec)}' is not supported by this proxy yet";

    /// <summary>Commands on the whole keyspace run before or after what one node runs as one, never in the midst of it.</summary>
    public static string BehindKeyspace(CommandSpec spec) =>
        $"ERR command '{LowerName(spec)}' is not supported by this proxy inside a transaction after a command on the whole keyspace that came after others";

    public static string BehindSelect(CommandSpec spec) =>
        $"ERR command '{LowerName(spec)}' is not supported by this proxy inside a transaction after a SELECT";

    public static string Denied(CommandSpec spec, Tenant tenant) => $"NOPERM tenant '{tenant.Name}' may not run '{LowerName(spec)}'";

    /// <summary>What takes requests to many nodes, which no transaction of one node can hold.</summary>
    public static string NotInTransaction(CommandSpec spec) => $"ERR command '{LowerName(spec)}' is not supported by this proxy inside a transaction";

    /// <summary>The whole error line of a request that got no reply.</summary>
    public static ReadOnlySpan<byte> Line(UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.OutcomeUnknown => WireErrors.OutcomeUnknown,
        UpstreamFailure.TimedOut => WireErrors.TimedOut,
        UpstreamFailure.TooManyRedirects => WireErrors.TooManyRedirects,
        UpstreamFailure.Overloaded => WireErrors.Overloaded,
        _ => WireErrors.NotExecuted,
    };

    /// <summary>Unknown commands are refused with the text that clients' fallbacks parse (lettuce does).</summary>
    public static byte[] UnknownCommand(in RequestView request)
    {
        var text = new StringBuilder("ERR unknown command '").Append(Quote(request[0])).Append("', with args beginning with: ");
        int start = text.Length;
        for (int i = 1; i < request.Count && text.Length - start < QuotedLength; i++)
        {
            string argument = Quote(request[i], QuotedLength - (text.Length - start));
            text.Append('\'').Append(argument).Append("' ");
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }

    /// <summary>The same without arguments, which are no longer at hand when a node does not know a module's command.</summary>
    public static string UnknownCommand(CommandSpec spec) => $"ERR unknown command '{spec.Name}', with args beginning with: ";

    private static string LowerName(CommandSpec spec) => spec.Name.ToLowerInvariant();

    /// <summary>The argument as Redis prints it: up to its first NUL; any other byte as it is, one char each.</summary>
    private static string Quote(ReadOnlySpan<byte> argument, int most = QuotedLength)
    {
        int end = argument.IndexOf((byte)0);
        if (end >= 0) argument = argument[..end];
        return Encoding.Latin1.GetString(argument[..Math.Min(argument.Length, most)]);
    }
}
