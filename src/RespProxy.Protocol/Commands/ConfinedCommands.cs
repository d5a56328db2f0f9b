namespace RespProxy.Protocol.Commands;

/// <summary>
/// What the user may run as whom a tenant's scripts run at the nodes. A list of what is allowed, drawn from the table, never a list of what is
/// not: an ACL confines a command to key patterns only if the command names keys, so whatever acts without naming them stays out
/// (KEYS, SCAN, RANDOMKEY, DBSIZE, FLUSHALL, SELECT, CONFIG, CLIENT ...).
/// </summary>
public static class ConfinedCommands
{
    /// <summary>The major version from which Redis holds the patterns of SORT's BY and GET against the user's keys.</summary>
    public const int SortVersion = 7;

    /// <summary>Of the connection, not of a script: Redis refuses these within one, and the proxy sends them beside it.</summary>
    private static readonly string[] OfTheConnection = ["ASKING", "CLIENT|CACHING", "CLIENT|TRACKING"];

    /// <summary>Names in lower case as ACL rules want them, subcommands as <c>xinfo|stream</c>; in the table's order.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. CommandTable.All.Where(Allows).Select(spec => spec.Name.ToLowerInvariant()),
        .. OfTheConnection.Select(name => name.ToLowerInvariant()),
    ];

    /// <summary>Whether the user of a tenant's scripts may run it.</summary>
    public static bool Allows(CommandSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Route switch
        {
            // Each names its keys or channels where an ACL finds them.
            RouteRule.Keyed or RouteRule.Blocking or RouteRule.Channel or RouteRule.SplitSum or RouteRule.SplitArray or RouteRule.SplitOk => true,
            RouteRule.Script => true,
            RouteRule.Local => spec.Local is LocalCommand.Multi or LocalCommand.Exec or LocalCommand.Discard or LocalCommand.Watch or LocalCommand.Unwatch
                or LocalCommand.Ping or LocalCommand.Echo or LocalCommand.Time,
            _ => false,
        };
    }

    /// <summary>SORT and SORT_RO, which older servers let read any key.</summary>
    public static bool NeedsPatternChecks(string name) => name is "sort" or "sort_ro";
}
