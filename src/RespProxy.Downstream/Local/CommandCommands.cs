using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Commands.Docs;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>
/// COMMAND and its subcommands, computed from the proxy's own table and the client's own key names: a client learns what it may
/// use here, not what the nodes have. https://redis.io/docs/latest/commands/command/
/// </summary>
internal static class CommandCommands
{
    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        ReplyBuilder reply = session.Loop.Builder.Start(session.IsResp3);
        switch (spec.Name)
        {
            case "COMMAND|COUNT":
                reply.Integer(CommandDescriptions.Usable.Length);
                break;
            case "COMMAND|LIST":
                CommandDescriptions.List(reply, request);
                break;
            case "COMMAND|INFO" when request.Count > 2:
                reply.Array(request.Count - 2);
                for (int i = 2; i < request.Count; i++) DescribeOrNull(reply, CommandDescriptions.Find(request[i]));
                break;
            case "COMMAND|DOCS":
                CommandDescriptions.Document(reply, request);
                break;
            case "COMMAND|GETKEYS":
            case "COMMAND|GETKEYSANDFLAGS":
                GetKeys(session, request, withFlags: spec.Name == "COMMAND|GETKEYSANDFLAGS");
                return;
            default:
                reply.Array(CommandDescriptions.Usable.Length);
                foreach (CommandSpec each in CommandDescriptions.Usable) CommandDescriptions.Describe(reply, each);
                break;
        }

        session.Reply(reply.Written);
    }

    private static void DescribeOrNull(ReplyBuilder reply, CommandSpec? spec)
    {
        if (spec is null) reply.Null();
        else CommandDescriptions.Describe(reply, spec);
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
        for (int i = 0; i < keys.Count; i++)
        {
            if (withFlags) reply.Array(2);
            reply.Bulk(inner[keys[i]]);
            if (withFlags) Flags(reply, KeyUse.Of(inner, spec, isFirst: i == 0));
        }

        session.Reply(reply.Written);
    }

    private static void Flags(ReplyBuilder reply, string[] flags)
    {
        reply.Set(flags.Length);
        foreach (string flag in flags) reply.Simple(Encoding.ASCII.GetBytes(flag));
    }
}
