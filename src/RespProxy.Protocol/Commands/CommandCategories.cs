using System.Collections.Frozen;

namespace RespProxy.Protocol.Commands;

/// <summary>
/// What ACLs and rules call a set of commands by, as in <c>@write</c>: Redis's categories
/// (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/#command-categories), and <c>@scan</c>, which is this proxy's own.
/// </summary>
[Flags]
public enum CommandCategories
{
    None = 0,
    Keyspace = 1 << 0,
    Read = 1 << 1,
    Write = 1 << 2,
    Set = 1 << 3,
    SortedSet = 1 << 4,
    List = 1 << 5,
    Hash = 1 << 6,
    String = 1 << 7,
    Bitmap = 1 << 8,
    HyperLogLog = 1 << 9,
    Geo = 1 << 10,
    Stream = 1 << 11,
    PubSub = 1 << 12,
    Admin = 1 << 13,
    Fast = 1 << 14,
    Slow = 1 << 15,
    Blocking = 1 << 16,
    Dangerous = 1 << 17,
    Connection = 1 << 18,
    Transaction = 1 << 19,
    Scripting = 1 << 20,

    /// <summary>Not Redis's: what walks a keyspace or a collection (SCAN, HSCAN, SSCAN, ZSCAN, KEYS).</summary>
    Scan = 1 << 21,
}

/// <summary>
/// A row's categories. As in Redis's setImplicitACLCategories (server.c) most follow from the flags; of the others nearly all follow from the
/// command's group, and those that do not are listed here.
/// </summary>
internal static class CategoryRules
{
    private const CommandCategories Connection = CommandCategories.Connection;
    private const CommandCategories DangerousKeyspace = CommandCategories.Keyspace | CommandCategories.Dangerous;
    private const CommandCategories DangerousAdmin = CommandCategories.Admin | CommandCategories.Dangerous;
    private const CommandCategories Sorts = CommandCategories.Set | CommandCategories.SortedSet | CommandCategories.List | CommandCategories.Dangerous;

    private static readonly FrozenDictionary<string, CommandCategories> ByGroup = new Dictionary<string, CommandCategories>
    {
        ["string"] = CommandCategories.String,
        ["hash"] = CommandCategories.Hash,
        ["list"] = CommandCategories.List,
        ["set"] = CommandCategories.Set,
        ["sorted_set"] = CommandCategories.SortedSet,
        ["generic"] = CommandCategories.Keyspace,
        ["bitmap"] = CommandCategories.Bitmap,
        ["hyperloglog"] = CommandCategories.HyperLogLog,
        ["geo"] = CommandCategories.Geo,
        ["stream"] = CommandCategories.Stream,
        ["transactions"] = CommandCategories.Transaction,
        ["scripting"] = CommandCategories.Scripting,
        ["connection"] = Connection,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, CommandCategories> Exceptions = new Dictionary<string, CommandCategories>
    {
        ["ASKING"] = Connection,
        ["READONLY"] = Connection,
        ["READWRITE"] = Connection,
        ["WAIT"] = Connection,
        ["WAITAOF"] = Connection,
        ["COMMAND"] = Connection,
        ["COMMAND|COUNT"] = Connection,
        ["COMMAND|DOCS"] = Connection,
        ["COMMAND|GETKEYS"] = Connection,
        ["COMMAND|GETKEYSANDFLAGS"] = Connection,
        ["COMMAND|HELP"] = Connection,
        ["COMMAND|INFO"] = Connection,
        ["COMMAND|LIST"] = Connection,
        ["DBSIZE"] = CommandCategories.Keyspace,
        ["FLUSHALL"] = DangerousKeyspace,
        ["FLUSHDB"] = DangerousKeyspace,
        ["KEYS"] = DangerousKeyspace | CommandCategories.Scan,
        ["MIGRATE"] = DangerousKeyspace,
        ["RESTORE"] = DangerousKeyspace,
        ["RESTORE-ASKING"] = DangerousKeyspace,
        ["SFLUSH"] = DangerousKeyspace,
        ["SWAPDB"] = DangerousKeyspace,
        ["INFO"] = CommandCategories.Dangerous,
        ["LASTSAVE"] = DangerousAdmin,
        ["ROLE"] = DangerousAdmin,
        ["SORT"] = Sorts,
        ["SORT_RO"] = Sorts,
        ["SCAN"] = CommandCategories.Keyspace | CommandCategories.Scan,
        ["HSCAN"] = CommandCategories.Hash | CommandCategories.Scan,
        ["SSCAN"] = CommandCategories.Set | CommandCategories.Scan,
        ["ZSCAN"] = CommandCategories.SortedSet | CommandCategories.Scan,

        // Containers that do nothing themselves.
        ["CLIENT"] = CommandCategories.None,
        ["FUNCTION"] = CommandCategories.None,
        ["OBJECT"] = CommandCategories.None,
        ["SCRIPT"] = CommandCategories.None,
        ["XGROUP"] = CommandCategories.None,
        ["XINFO"] = CommandCategories.None,
    }.ToFrozenDictionary();

    public static CommandCategories Of(CommandSpec spec)
    {
        CommandCategories own = Exceptions.TryGetValue(spec.Name, out CommandCategories exception) ? exception : ByGroup.GetValueOrDefault(spec.Group);
        return own | Implied(spec.Flags, own);
    }

    private static CommandCategories Implied(CommandFlags flags, CommandCategories own)
    {
        CommandCategories implied = flags.HasFlag(CommandFlags.Fast) ? CommandCategories.Fast : CommandCategories.Slow;
        if (flags.HasFlag(CommandFlags.Write)) implied |= CommandCategories.Write;
        // What a script does is not known from its command.
        if (flags.HasFlag(CommandFlags.ReadOnly) && !own.HasFlag(CommandCategories.Scripting)) implied |= CommandCategories.Read;
        if (flags.HasFlag(CommandFlags.Admin)) implied |= DangerousAdmin;
        if (flags.HasFlag(CommandFlags.PubSub)) implied |= CommandCategories.PubSub;
        if (flags.HasFlag(CommandFlags.Blocking)) implied |= CommandCategories.Blocking;
        return implied;
    }
}
