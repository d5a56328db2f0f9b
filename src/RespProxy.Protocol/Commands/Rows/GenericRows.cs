using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class GenericRows
{
    private const string BetweenDatabases = "in a cluster the key must be in the same slot in both databases: always with placement tagged or pinned, with spread where it has a hash tag.";
    private const string Patterns = "BY and GET patterns are put into the namespace. A node in cluster mode refuses them, or, from Redis 7.4 on, those that may lead to other slots. "
        + "With placement tagged the pattern's hash tag must stand before its *.";

    private const string Replicas = "Asked of every primary that may have the client's writes, the least count is the answer; 0 when one of them was lost since. See decisions/wait.md.";

    public static CommandSpec[] All => Group("generic",
    [
        Keyed("COPY", -3, W | D, Copy, note: "DB n: " + BetweenDatabases),
        SplitSum("DEL", -2, W, FromTo(1, -1)),
        Keyed("DUMP", 2, R, At(1)),
        SplitSum("EXISTS", -2, R | F, FromTo(1, -1), isCached: true),
        Keyed("EXPIRE", -3, W | F, At(1)),
        Keyed("EXPIREAT", -3, W | F, At(1)),
        Keyed("EXPIRETIME", 2, R | F, At(1)),
        WholeKeyspace("KEYS", 2, R, "Walked in pages of 1,000 buckets, so that no node stands still for it; not a snapshot. Replies over 64 MiB are refused."),
        NotForTenants("MIGRATE", -6, W, Administration, Migrate),
        Keyed("MOVE", 3, W | F, ToDatabase, ReplyRule.Moved, "Done by RENAMENX; " + BetweenDatabases),
        Container("OBJECT", -2, None),
        Keyed("OBJECT|ENCODING", 3, R, At(2)),
        Keyed("OBJECT|FREQ", 3, R, At(2)),
        Local("OBJECT|HELP", 2, L | T, LocalCommand.Help),
        Keyed("OBJECT|IDLETIME", 3, R, At(2)),
        Keyed("OBJECT|REFCOUNT", 3, R, At(2)),
        Keyed("PERSIST", 2, W | F, At(1)),
        Keyed("PEXPIRE", -3, W | F, At(1)),
        Keyed("PEXPIREAT", -3, W | F, At(1)),
        Keyed("PEXPIRETIME", 2, R | F, At(1)),
        Keyed("PTTL", 2, R | F, At(1)),
        WholeKeyspace("RANDOMKEY", 1, R, "Sampled, not evenly: a few random places, then the first key found anywhere. Null only when the tenant has no key."),
        Keyed("RENAME", 3, W, FromTo(1, 2)),
        Keyed("RENAMENX", 3, W | F, FromTo(1, 2)),
        Keyed("RESTORE", -4, W | D, At(1)),
        WholeKeyspace("SCAN", -2, R, "One primary after the other. An error asks for a new start when slots have changed their owner since cursor 0. COUNT is at most 10,000."),
        Keyed("SORT", -2, W | D, Sort, note: Patterns),
        Keyed("SORT_RO", -2, R, Sort, note: Patterns),
        SplitSum("TOUCH", -2, R | F, FromTo(1, -1)),
        Keyed("TTL", 2, R | F, At(1)),
        Cached("TYPE", 2, R | F),
        SplitSum("UNLINK", -2, W | F, FromTo(1, -1)),
        Local("WAIT", 3, B, LocalCommand.Wait, Replicas + " Within MULTI: 0."),
        Local("WAITAOF", 4, B, LocalCommand.Wait, Replicas + " Not within MULTI."),
    ]);
}
