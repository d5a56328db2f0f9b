namespace RespProxy.Protocol.Commands;

/// <summary>Command flags as Redis names them (https://redis.io/docs/latest/commands/command/#flags).</summary>
[Flags]
public enum CommandFlags
{
    None = 0,
    Write = 1 << 0,
    ReadOnly = 1 << 1,
    DenyOom = 1 << 2,
    Admin = 1 << 3,
    PubSub = 1 << 4,
    NoScript = 1 << 5,
    Blocking = 1 << 6,
    Loading = 1 << 7,
    Stale = 1 << 8,
    Fast = 1 << 9,
    NoAuth = 1 << 10,
    MovableKeys = 1 << 11,
    NoMulti = 1 << 12,
    AllowBusy = 1 << 13,
    MayReplicate = 1 << 14,
}

/// <summary>How a request finds the node that answers it.</summary>
public enum RouteRule
{
    /// <summary>Refused before routing (see <see cref="CommandSpec.Refusal"/>), or a container whose subcommands have the rules.</summary>
    None,

    /// <summary>The proxy answers itself; see <see cref="CommandSpec.Local"/>.</summary>
    Local,

    /// <summary>All keys must hash to one slot; otherwise CROSSSLOT.</summary>
    Keyed,

    /// <summary>As Keyed, on a connection that the client has for itself while it waits.</summary>
    Blocking,

    /// <summary>Argument 1 is a channel, in the namespace as keys are; any node would do, and the owner of its slot keeps the order of each channel.</summary>
    Channel,

    /// <summary>Split by slot; the integer replies are added (DEL, UNLINK, EXISTS, TOUCH).</summary>
    SplitSum,

    /// <summary>Split by slot; the element replies are put back in argument order (MGET).</summary>
    SplitArray,

    /// <summary>Split by slot with the value beside each key; OK when every part is (MSET).</summary>
    SplitOk,

    /// <summary>No keys: the tenant's part of every primary's keyspace (KEYS, SCAN, DBSIZE, RANDOMKEY, FLUSHDB, FLUSHALL).</summary>
    Keyspace,

    /// <summary>Runs or loads Lua: as Keyed, but by a user of the tenant's own at the nodes; without a key at one fixed slot.</summary>
    Script,
}

/// <summary>What of a reply names keys and must lose the namespace. Errors are always looked through.</summary>
public enum ReplyRule
{
    /// <summary>Passed on as bytes.</summary>
    Verbatim,

    /// <summary>An array whose first element is a key, or null (LMPOP, ZMPOP, BLPOP, BZPOPMIN).</summary>
    StripFirstElement,

    /// <summary>XREAD and XREADGROUP: key/entries pairs, as an array of pairs in RESP2 and a map in RESP3.</summary>
    StripStreams,

    /// <summary>The reply of the RENAMENX that a MOVE is done by: that there is no such key is 0, not an error.</summary>
    Moved,

    /// <summary>What Lua returns may name keys anywhere: every string that begins with the namespace loses it.</summary>
    StripStrings,
}

/// <summary>Why a command of the table is refused.</summary>
public enum Refusal
{
    /// <summary>Not refused.</summary>
    None,

    /// <summary>Exists in Redis and is not for tenants (administration, other tenants' data): NOPERM.</summary>
    NotForTenants,

    /// <summary>Not a command of a plain Redis server (SENTINEL): answered as the unknown command that it is there.</summary>
    Absent,

    /// <summary>For tenants one day, and refused until its rules are complete: ERR, never forwarded raw.</summary>
    NotYet,
}

/// <summary>Which part of the proxy answers a command with <see cref="RouteRule.Local"/>.</summary>
public enum LocalCommand
{
    None,
    Ping,
    Echo,
    Hello,
    Auth,
    Select,
    Client,
    Command,
    Info,
    Quit,
    Reset,
    Time,
    Config,
    Cluster,
    Acl,
    Lolwut,
    Role,
    SlowLog,
    Asking,
    Readonly,
    Readwrite,
    Multi,
    Exec,
    Discard,
    Watch,
    Unwatch,
    Subscribe,
    Unsubscribe,
    PubSub,

    /// <summary>WAIT, WAITAOF: asked of the primaries, in a way that covers what the client wrote over shared connections.</summary>
    Wait,

    /// <summary>CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR.</summary>
    Tracking,

    /// <summary>SCRIPT EXISTS, FLUSH, SHOW: the tenant's own scripts as the proxy knows them; and EVALSHA of one it does not.</summary>
    Script,

    /// <summary>FUNCTION LOAD, DELETE, FLUSH, LIST, STATS: the tenant's own libraries at every primary.</summary>
    Function,

    /// <summary>RESPPROXY: what the proxy has seen of the tenant, and lets it do.</summary>
    Insight,

    /// <summary>The HELP subcommand of any container.</summary>
    Help,
}
