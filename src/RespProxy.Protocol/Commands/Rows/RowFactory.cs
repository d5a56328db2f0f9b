namespace RespProxy.Protocol.Commands.Rows;

/// <summary>
/// The short words the rows are written in, so that a group of commands reads as data on one screen:
/// name, arity, flags, then how it is routed. The rows follow the commands of Redis 8 and Valkey 8.
/// </summary>
internal static class RowFactory
{
    // Flags, one letter each.
    public const CommandFlags None = CommandFlags.None;
    public const CommandFlags W = CommandFlags.Write;
    public const CommandFlags R = CommandFlags.ReadOnly;
    public const CommandFlags D = CommandFlags.DenyOom;
    public const CommandFlags A = CommandFlags.Admin;
    public const CommandFlags P = CommandFlags.PubSub;
    public const CommandFlags S = CommandFlags.NoScript;
    public const CommandFlags B = CommandFlags.Blocking;
    public const CommandFlags L = CommandFlags.Loading;
    public const CommandFlags T = CommandFlags.Stale;
    public const CommandFlags F = CommandFlags.Fast;
    public const CommandFlags N = CommandFlags.NoAuth;
    public const CommandFlags X = CommandFlags.NoMulti;
    public const CommandFlags Y = CommandFlags.AllowBusy;
    public const CommandFlags C = CommandFlags.MayReplicate;

    // Reply rules.
    public const ReplyRule StripFirstElement = ReplyRule.StripFirstElement;
    public const ReplyRule StripStreams = ReplyRule.StripStreams;

    // Why a command is not for tenants.
    public const string Administration = "Administration of the servers that all tenants share.";
    public const string Others = "Acts on, or shows, what belongs to other tenants.";
    public const string Sentinel = "Unknown, as to any Redis that is no Sentinel.";

    // Why a command is not there yet.
    public const string SlowLog = "Of the tenant's own commands, kept by the proxy. Without blocking commands, those the proxy answers itself and those on the whole keyspace.";

    // Key shapes.

    /// <summary>SORT: argument 1, STORE options.</summary>
    public static KeySpec Sort => new(KeyShape.Sort, First: 1, OptionsFrom: 2);

    /// <summary>MOVE: argument 1, then a database.</summary>
    public static KeySpec ToDatabase => new(KeyShape.Move, First: 1);

    /// <summary>COPY: arguments 1 and 2, DB option.</summary>
    public static KeySpec Copy => new(KeyShape.Copy, First: 1, Last: 2, OptionsFrom: 3);

    public static KeySpec Migrate => new(KeyShape.Migrate, First: 3, OptionsFrom: 6);

    public static KeySpec Streams => new(KeyShape.Streams, OptionsFrom: 1);

    public static KeySpec GroupStreams => new(KeyShape.GroupStreams, OptionsFrom: 1);

    /// <summary>key value key value ... to the end.</summary>
    public static KeySpec Pairs => new(KeyShape.Range, First: 1, Last: -1, Step: 2);

    /// <summary>numkeys key ...</summary>
    public static KeySpec Combined => new(KeyShape.Counted, NumKeys: 1);

    /// <summary>destination numkeys key ...</summary>
    public static KeySpec DestinationAndCombined => new(KeyShape.Counted, First: 1, NumKeys: 2);

    public static KeySpec CardinalityKeys => new(KeyShape.Counted, NumKeys: 1, NumKeysRule: NumKeysRule.Cardinality);

    public static KeySpec ScriptKeys => new(KeyShape.Counted, NumKeys: 2, NumKeysRule: NumKeysRule.Script);

    public static KeySpec PopKeys(int numKeys) => new(KeyShape.Counted, NumKeys: numKeys, NumKeysRule: NumKeysRule.Pop);

    public static KeySpec At(int position) => FromTo(position, position);

    public static KeySpec FromTo(int first, int last) => new(KeyShape.Range, first, last);

    /// <summary>GEORADIUS: argument 1, and STORE and STOREDIST among the options.</summary>
    public static KeySpec Geo(int optionsFrom) => new(KeyShape.GeoRadius, First: 1, OptionsFrom: optionsFrom);

    // Rows.

    /// <summary>All keys in one slot, one node answers.</summary>
    public static CommandSpec Keyed(string name, int arity, CommandFlags flags, KeySpec keys, ReplyRule reply = ReplyRule.Verbatim, string? note = null) =>
        Row(name, arity, flags, keys, RouteRule.Keyed, reply, note: note);

    /// <summary>Argument 1 is the only key, and the reply may be kept: <see cref="CommandSpec.IsCacheable"/>.</summary>
    public static CommandSpec Cached(string name, int arity, CommandFlags flags) =>
        Row(name, arity, flags, At(1), RouteRule.Keyed, isCached: true);

    /// <summary>All keys in one slot, on a connection of its own.</summary>
    public static CommandSpec Blocking(string name, int arity, CommandFlags flags, KeySpec keys, ReplyRule reply = ReplyRule.Verbatim) =>
        Row(name, arity, flags, keys, RouteRule.Blocking, reply);

    /// <summary>Argument 1 is a channel.</summary>
    public static CommandSpec Published(string name, int arity, CommandFlags flags, string note) =>
        Row(name, arity, flags, default, RouteRule.Channel, note: note);

    public static CommandSpec SplitSum(string name, int arity, CommandFlags flags, KeySpec keys, bool isCached = false) =>
        Row(name, arity, flags, keys, RouteRule.SplitSum, isCached: isCached);

    public static CommandSpec SplitArray(string name, int arity, CommandFlags flags, KeySpec keys, bool isCached = false) =>
        Row(name, arity, flags, keys, RouteRule.SplitArray, isCached: isCached);

    public static CommandSpec SplitOk(string name, int arity, CommandFlags flags, KeySpec keys) =>
        Row(name, arity, flags, keys, RouteRule.SplitOk);

    /// <summary>Runs Lua that the client sends, names by its SHA1, or has loaded.</summary>
    public static CommandSpec Script(string name, int arity, CommandFlags flags, KeySpec keys = default, string? note = null) =>
        Row(name, arity, flags, keys, RouteRule.Script, ReplyRule.StripStrings, LocalCommand.Script, note: note);

    /// <summary>Works on the tenant's part of every primary's keyspace.</summary>
    public static CommandSpec WholeKeyspace(string name, int arity, CommandFlags flags, string note) =>
        Row(name, arity, flags, default, RouteRule.Keyspace, note: note);

    /// <summary>Answered by the proxy.</summary>
    public static CommandSpec Local(string name, int arity, CommandFlags flags, LocalCommand local, string? note = null, KeySpec keys = default) =>
        Row(name, arity, flags, keys, RouteRule.Local, local: local, note: note);

    /// <summary>Nothing by itself: its subcommands have the rules.</summary>
    public static CommandSpec Container(string name, int arity, CommandFlags flags) =>
        Row(name, arity, flags, default, RouteRule.None);

    public static CommandSpec NotForTenants(string name, int arity, CommandFlags flags, string why, KeySpec keys = default, ReplyRule reply = ReplyRule.Verbatim) =>
        Row(name, arity, flags, keys, RouteRule.None, reply, refusal: Refusal.NotForTenants, note: why);

    /// <summary>Unknown to a plain server.</summary>
    public static CommandSpec Absent(string name, int arity, CommandFlags flags, string why) =>
        Row(name, arity, flags, default, RouteRule.None, refusal: Refusal.Absent, note: why);

    public static CommandSpec NotYet(string name, int arity, CommandFlags flags, string why, KeySpec keys = default, ReplyRule reply = ReplyRule.Verbatim) =>
        Row(name, arity, flags, keys, RouteRule.None, reply, refusal: Refusal.NotYet, note: why);

    /// <summary>Puts the rows into their group.</summary>
    public static CommandSpec[] Group(string group, CommandSpec[] rows)
    {
        foreach (CommandSpec row in rows) row.Group = group;
        return rows;
    }

    private static CommandSpec Row(
        string name,
        int arity,
        CommandFlags flags,
        KeySpec keys,
        RouteRule route,
        ReplyRule reply = ReplyRule.Verbatim,
        LocalCommand local = LocalCommand.None,
        Refusal refusal = Refusal.None,
        string? note = null,
        bool isCached = false) => new()
        {
            Name = name,
            Arity = arity,
            Flags = flags | (keys.Shape is KeyShape.None or KeyShape.Range or KeyShape.Copy or KeyShape.Move ? CommandFlags.None : CommandFlags.MovableKeys),
            Keys = keys,
            Route = route,
            Reply = reply,
            Local = local,
            Refusal = refusal,
            Note = note,
            IsCacheable = isCached,
        };
}
