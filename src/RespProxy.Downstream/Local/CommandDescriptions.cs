using System.Text;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Commands.Docs;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>
/// How COMMAND, COMMAND INFO, COMMAND DOCS and COMMAND LIST describe what a tenant may use. Arguments (DOCS) and key specifications (INFO) are left
/// out: positions and the movablekeys flag are what clients go by. https://redis.io/docs/latest/commands/command-docs/
/// </summary>
internal static class CommandDescriptions
{
    /// <summary>What is not refused to every tenant and every Redis has, subcommands besides their containers.</summary>
    private static readonly CommandSpec[] Known = [.. CommandTable.All.Where(spec => IsUsable(spec) && spec.IsOfRedis)];

    private static readonly ILookup<string, CommandSpec> Subcommands = Known.Where(IsSubcommand).ToLookup(spec => spec.Name[..spec.Name.IndexOf('|', StringComparison.Ordinal)]);

    /// <summary>The commands themselves, without subcommands.</summary>
    public static CommandSpec[] Usable { get; } = [.. Known.Where(spec => !IsSubcommand(spec))];

    /// <summary>The row of a name as the client writes it, <c>container|subcommand</c> included; null when it may not be used.</summary>
    public static CommandSpec? Find(ReadOnlySpan<byte> name)
    {
        int bar = name.IndexOf((byte)'|');
        CommandSpec? spec = CommandTable.Find(bar < 0 ? name : name[..bar]);
        if (bar >= 0 && spec is not null) spec = CommandTable.FindSubcommand(spec, name[(bar + 1)..]);
        return spec is not null && IsUsable(spec) ? spec : null;
    }

    /// <summary>One element of COMMAND and COMMAND INFO.</summary>
    public static void Describe(ReplyBuilder reply, CommandSpec spec)
    {
        (int first, int last, int step) = spec.Keys.FirstLastStep;
        reply.Array(10).Bulk(spec.Name.ToLowerInvariant()).Integer(spec.Arity);
        string[] flags = [.. FlagNames(spec.Flags)];
        reply.Set(flags.Length);
        foreach (string flag in flags) reply.Simple(Encoding.ASCII.GetBytes(flag));
        reply.Integer(first).Integer(last).Integer(step);
        string[] categories = [.. CommandDocs.CategoriesOf(spec)];
        reply.Set(categories.Length);
        foreach (string category in categories) reply.Simple(Encoding.ASCII.GetBytes("@" + category));
        reply.Array(0).Array(0);
        CommandSpec[] subcommands = SubcommandsOf(spec);
        reply.Array(subcommands.Length);
        foreach (CommandSpec each in subcommands) Describe(reply, each);
    }

    /// <summary>COMMAND DOCS [name ...]; names that are not known are left out, as Redis does.</summary>
    public static void Document(ReplyBuilder reply, in RequestView request)
    {
        CommandSpec[] wanted = request.Count == 2 ? Usable : FindAll(request);
        reply.Map(wanted.Length);
        foreach (CommandSpec spec in wanted) Document(reply, spec);
    }

    /// <summary>COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]. https://redis.io/docs/latest/commands/command-list/</summary>
    public static void List(ReplyBuilder reply, in RequestView request)
    {
        if (request.Count != 2 && (request.Count != 5 || !LocalCommands.Is(request[2], "FILTERBY"u8)))
        {
            reply.Raw(WireErrors.Syntax);
            return;
        }

        CommandSpec[]? matching = request.Count == 2 ? Known : Filter(request[3], request[4]);
        if (matching is null)
        {
            reply.Raw(WireErrors.Syntax);
            return;
        }

        reply.Array(matching.Length);
        foreach (CommandSpec spec in matching) reply.Bulk(spec.Name.ToLowerInvariant());
    }

    private static CommandSpec[]? Filter(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> value)
    {
        // No module's commands are told apart here.
        if (LocalCommands.Is(kind, "MODULE"u8)) return [];
        byte[] wanted = value.ToArray();
        if (LocalCommands.Is(kind, "PATTERN"u8)) return [.. Known.Where(spec => GlobPattern.Matches(wanted, Encoding.ASCII.GetBytes(spec.Name.ToLowerInvariant())))];
        if (!LocalCommands.Is(kind, "ACLCAT"u8)) return null;
        string category = Encoding.UTF8.GetString(wanted);
        return [.. Known.Where(spec => CommandDocs.CategoriesOf(spec).Contains(category, StringComparer.OrdinalIgnoreCase))];
    }

    private static CommandSpec[] FindAll(in RequestView request)
    {
        var found = new List<CommandSpec>();
        for (int i = 2; i < request.Count; i++)
        {
            if (Find(request[i]) is { } spec) found.Add(spec);
        }

        return [.. found];
    }

    private static void Document(ReplyBuilder reply, CommandSpec spec)
    {
        CommandDoc? doc = CommandDocs.Find(spec);
        CommandSpec[] subcommands = SubcommandsOf(spec);
        bool isDeprecated = doc?.DeprecatedSince is not null;
        reply.Bulk(spec.Name.ToLowerInvariant());
        reply.Map((doc is null ? 1 : 3) + (isDeprecated ? 2 : 0) + (subcommands.Length > 0 ? 1 : 0));
        if (doc is not null) reply.Bulk("summary").Bulk(doc.Summary).Bulk("since").Bulk(doc.Since);
        reply.Bulk("group").Bulk(spec.Group.Replace('_', '-'));
        if (isDeprecated) reply.Bulk("doc_flags").Set(1).Simple("deprecated"u8).Bulk("deprecated_since").Bulk(doc!.DeprecatedSince!);
        if (subcommands.Length == 0) return;
        reply.Bulk("subcommands").Map(subcommands.Length);
        foreach (CommandSpec each in subcommands) Document(reply, each);
    }

    private static CommandSpec[] SubcommandsOf(CommandSpec spec) => [.. Subcommands[spec.Name]];

    private static bool IsSubcommand(CommandSpec spec) => spec.Name.Contains('|', StringComparison.Ordinal);

    private static bool IsUsable(CommandSpec spec) => spec.Refusal == Refusal.None;

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
}
