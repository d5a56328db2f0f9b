using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>
/// COMMAND and its subcommands, computed from the proxy's own table and the client's own key names: a client learns what it may
/// use here, not what the nodes have. https://redis.io/docs/latest/commands/command/
/// </summary>
internal static class CommandCommands
{
    private static readonly CommandSpec[] Usable = [.. CommandTable.All.Where(spec => spec.Refusal == Refusal.None && !spec.Name.Contains('|', StringComparison.Ordinal))];

    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        ReplyBuilder reply = session.Loop.Builder.Start(session.IsResp3);
        switch (spec.Name)
        {
            case "COMMAND|COUNT":
                reply.Integer(Usable.Length);
                break;
            case "COMMAND|LIST":
                List(reply, request);
                break;
            case "COMMAND|INFO" when request.Count > 2:
                reply.Array(request.Count - 2);
                for (int i = 2; i < request.Count; i++) DescribeOrNull(reply, CommandTable.Find(request[i]));
                break;
            case "COMMAND|DOCS":
                // Summaries are for people and of no use to a program; none are kept.
                reply.Map(0);
                break;
            case "COMMAND|GETKEYS":
            case "COMMAND|GETKEYSANDFLAGS":
                GetKeys(session, request, withFlags: spec.Name == "COMMAND|GETKEYSANDFLAGS");
                return;
            default:
                reply.Array(Usable.Length);
                foreach (CommandSpec each in Usable) Describe(reply, each);
                break;
        }

        session.Reply(reply.Written);
    }

    private static void List(ReplyBuilder reply, in RequestView request)
    {
        if (request.Count > 2)
        {
            // FILTERBY MODULE, ACLCAT, PATTERN: an honest subset would look like an answer; none of the clients seen asks for it.
            reply.Error("ERR COMMAND LIST takes no filter here"u8);
            return;
        }

        reply.Array(Usable.Length);
        foreach (CommandSpec spec in Usable) reply.Bulk(spec.Name.ToLowerInvariant());
    }

    private static void DescribeOrNull(ReplyBuilder reply, CommandSpec? spec)
    {
        if (spec is null || spec.Refusal != Refusal.None) reply.Null();
        else Describe(reply, spec);
    }

    private static void Describe(ReplyBuilder reply, CommandSpec spec)
    {
        bool isRange = spec.Keys.Shape == KeyShape.Range;
        reply.Array(10).Bulk(spec.Name.ToLowerInvariant()).Integer(spec.Arity);
        string[] flags = [.. FlagNames(spec.Flags)];
        reply.Set(flags.Length);
        foreach (string flag in flags) reply.Simple(Encoding.ASCII.GetBytes(flag));
        reply.Integer(isRange ? spec.Keys.First : 0).Integer(isRange ? spec.Keys.Last : 0).Integer(isRange ? spec.Keys.Step : 0);
        reply.Set(0).Array(0).Array(0).Array(0);
    }

    private static IEnumerable<string> FlagNames(CommandFlags flags)
    {
        foreach (CommandFlags flag in Enum.GetValues<CommandFlags>())
        {
            if (flag == CommandFlags.None || (flags & flag) == 0) continue;
            yield return flag switch
            {
                CommandFlags.NoAuth => "no_auth",
                CommandFlags.NoMulti => "no_multi",
                CommandFlags.AllowBusy => "allow_busy",
                CommandFlags.MayReplicate => "may_replicate",
                _ => flag.ToString().ToLowerInvariant(),
            };
        }
    }

    private static void GetKeys(ClientSession session, in RequestView request, bool withFlags)
    {
        var table = new ArgumentTable();
        for (int i = 2; i < request.Count; i++) table.Add(request.SlotOf(i).HeaderStart, request.SlotOf(i).Start, request.SlotOf(i).Length);
        var inner = new RequestView(request.Frame, table);
        CommandSpec? spec = CommandTable.Find(inner[0]);
        if (spec is { IsContainer: true } && inner.Count > 1) spec = CommandTable.FindSubcommand(spec, inner[1]);
        if (spec is null)
        {
            session.ReplyError("ERR Invalid command specified");
            return;
        }

        if (!spec.AcceptsArgumentCount(inner.Count))
        {
            session.ReplyError("ERR Invalid number of arguments specified for command");
            return;
        }

        var keys = new KeyIndexes();
        if (spec.Keys.Shape == KeyShape.None)
        {
            session.ReplyError("ERR The command has no key arguments");
            return;
        }

        if (KeyExtractor.Extract(inner, spec, keys, out _) != KeyExtraction.Found || keys.Count == 0)
        {
            session.ReplyError("ERR Invalid arguments specified for command");
            return;
        }

        ReplyBuilder reply = session.Loop.Builder.Start(session.IsResp3).Array(keys.Count);
        foreach (int key in keys.Items)
        {
            if (withFlags) reply.Array(2).Bulk(inner[key]).Set(1).Simple(spec.IsWrite ? "RW"u8 : "RO"u8);
            else reply.Bulk(inner[key]);
        }

        session.Reply(reply.Written);
    }
}
