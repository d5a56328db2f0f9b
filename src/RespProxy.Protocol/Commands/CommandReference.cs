using System.Globalization;
using System.Text;

namespace RespProxy.Protocol.Commands;

/// <summary>Writes docs/commands.md from the table, so that the page and the program cannot disagree.</summary>
public static class CommandReference
{
    private const string Head = """
        # Commands

        What RespProxy does with every command of Redis and Valkey. Generated from the command table; do not edit.
        A command that is not on this page is refused as unknown.

        - **yes**: routed to the node that has the keys, each key under the tenant's namespace.
        - **proxy**: answered by the proxy itself.
        - **not yet**: refused until its rules are complete. Never forwarded as it stands.
        - **no**: refused for good; it is not for tenants.

        Routing: *one slot*: all keys must hash to one slot, else CROSSSLOT. *split*: cut into one request for each slot,
        the replies put together. *every primary*: works on the tenant's part of the whole keyspace. Error replies are looked
        through for the namespace whatever the command.

        The commands of modules follow the modules' documentation. Their rules are tested against stand-ins, not against the modules.
        Those of the group respproxy are the proxy's own: no Redis has them, and COMMAND does not list them.


        """;

    /// <summary>The whole page, with line feeds.</summary>
    public static string ToMarkdown()
    {
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        AppendCounts(page);
        foreach (IGrouping<string, CommandSpec> group in CommandTable.All.GroupBy(spec => spec.Group))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {group.Key}\n\n| Command | Supported | Route | Keys | Reply rewritten | Remark |\n|---|---|---|---|---|---|\n");
            foreach (CommandSpec spec in group) AppendRow(page, spec);
        }

        return page.ToString();
    }

    private static void AppendCounts(StringBuilder page)
    {
        int Count(string supported) => CommandTable.All.Count(spec => Supported(spec) == supported);
        page.Append(CultureInfo.InvariantCulture, $"Of {CommandTable.All.Count} commands and subcommands {Count("yes")} are routed, {Count("proxy")} answered by the proxy, ");
        page.Append(CultureInfo.InvariantCulture, $"{Count("not yet")} not there yet, {Count("no")} not for tenants; {Count("")} only hold subcommands.\n");
    }

    private static void AppendRow(StringBuilder page, CommandSpec spec) =>
        page.Append(CultureInfo.InvariantCulture, $"| {spec.Name.Replace('|', ' ')} | {Supported(spec)} | {Route(spec)} | {Keys(spec)} | {Reply(spec)} | {Remark(spec)} |\n");

    private static string Supported(CommandSpec spec) => (spec.Refusal, spec.Route) switch
    {
        (Refusal.NotForTenants or Refusal.Absent, _) => "no",
        (Refusal.NotYet, _) => "not yet",
        (_, RouteRule.Local) => "proxy",
        (_, RouteRule.None) => "",
        _ => "yes",
    };

    private static string Route(CommandSpec spec) => spec.Route switch
    {
        RouteRule.Keyed => "one slot",
        RouteRule.Blocking => "one slot, own connection",
        RouteRule.Channel => "by the channel's slot",
        RouteRule.SplitSum => "split, replies added",
        RouteRule.SplitArray => "split, replies in order",
        RouteRule.SplitOk => "split, OK when all are",
        RouteRule.Keyspace => "every primary",
        RouteRule.Script => "one slot, as the tenant's own user",
        _ => "",
    };

    private static string Keys(CommandSpec spec)
    {
        KeySpec keys = spec.Keys;
        return keys.Shape switch
        {
            KeyShape.Range when keys.First == keys.Last => $"{keys.First}",
            KeyShape.Range when keys.Last > 0 => $"{keys.First} to {keys.Last}",
            KeyShape.Range => $"{keys.First} to {(keys.Last == -1 ? "the last" : "the last but one")}{(keys.Step == 2 ? ", every other" : "")}",
            KeyShape.Counted => $"{(keys.First > 0 ? $"{keys.First} and " : "")}as many as {keys.NumKeys} says",
            KeyShape.Streams or KeyShape.GroupStreams => "after STREAMS",
            KeyShape.Sort => "1, STORE, patterns of BY and GET",
            KeyShape.Move => "1",
            KeyShape.GeoRadius => "1, STORE, STOREDIST",
            KeyShape.Copy => "1 to 2",
            KeyShape.Migrate => "3, or after KEYS",
            _ => "",
        };
    }

    private static string Reply(CommandSpec spec) => spec.Reply switch
    {
        _ when spec.Name is "KEYS" or "SCAN" or "RANDOMKEY" => "every key",
        ReplyRule.StripFirstElement => "the key, first element",
        ReplyRule.StripStreams => "the key of each stream",
        ReplyRule.StripStrings => "strings that begin with the namespace",
        _ => "",
    };

    private static string Remark(CommandSpec spec) => spec.IsContainer && spec.Route == RouteRule.None ? "see its subcommands" : spec.Note ?? "";
}
