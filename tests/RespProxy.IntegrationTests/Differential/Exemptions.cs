namespace RespProxy.IntegrationTests.Differential;

/// <summary>What of the command table the differential test does not compare, and why. Each list is checked to be no longer than it must be.</summary>
internal static class Exemptions
{
    /// <summary>Supported commands without a scenario.</summary>
    public static IReadOnlyDictionary<string, string> WithoutScenario { get; } = new Dictionary<string, string>
    {
        ["QUIT"] = "ends the connection: what comes before and after the end is for tests of its own",
        ["CLUSTER|KEYSLOT"] = "answered where a plain Redis has cluster support disabled: the slot of the name as the client gives it",
    };

    /// <summary>Documented options that no scenario uses.</summary>
    public static IReadOnlyDictionary<string, string> WithoutOption { get; } = new Dictionary<string, string>
    {
        ["CLIENT|TRACKING BCAST"] = Tracking,
        ["CLIENT|TRACKING NOLOOP"] = Tracking,
        ["CLIENT|TRACKING ON"] = Tracking,
        ["CLIENT|TRACKING OPTIN"] = Tracking,
        ["CLIENT|TRACKING OPTOUT"] = Tracking,
        ["CLIENT|TRACKING PREFIX"] = Tracking,
        ["CLIENT|TRACKING REDIRECT"] = Tracking,
    };

    /// <summary>What a transaction is made of, or ends.</summary>
    public static IReadOnlyDictionary<string, string> AroundTransactions { get; } = new Dictionary<string, string>
    {
        ["MULTI"] = "begins one",
        ["EXEC"] = "ends one",
        ["DISCARD"] = "ends one",
        ["WATCH"] = "guards one",
        ["RESET"] = "ends one",
        ["CLIENT|REPLY"] = "takes away the replies to compare",
    };

    /// <summary>Redis would run these inside a transaction; the proxy refuses them when they are queued.</summary>
    public static IReadOnlyDictionary<string, string> RefusedInTransactions { get; } = new Dictionary<string, string>
    {
        ["AUTH"] = Identity,
        ["HELLO"] = Identity,
        ["SUBSCRIBE"] = Subscriptions,
        ["PSUBSCRIBE"] = Subscriptions,
        ["SSUBSCRIBE"] = Subscriptions,
        ["UNSUBSCRIBE"] = Subscriptions,
        ["PUNSUBSCRIBE"] = Subscriptions,
        ["SUNSUBSCRIBE"] = Subscriptions,
        ["CLIENT|UNBLOCK"] = "the other client may be on another loop, which is asked and not waited for",
        ["CLIENT|TRACKING"] = "answered when every node has been asked to track, which a transaction's reply cannot wait for",
        ["RANDOMKEY"] = BetweenOthers,
        ["FLUSHDB"] = BetweenOthers,
        ["FLUSHALL"] = BetweenOthers,
        ["FUNCTION|DELETE"] = Libraries,
        ["FUNCTION|FLUSH"] = Libraries,
        ["FUNCTION|LIST"] = Libraries,
        ["FUNCTION|LOAD"] = Libraries,
        ["FUNCTION|STATS"] = Libraries,
    };

    private const string Libraries = "asks every primary, which no transaction of one node can";
    private const string Tracking = "invalidations are not only replies: they are for tests of their own";
    private const string Identity = "what is queued was checked and rewritten for the tenant that queued it";
    private const string Subscriptions = "confirmed when the node has confirmed, which a transaction's reply cannot wait for";
    private const string BetweenOthers = "a walk runs before or after the node's commands, not between two of them as in these scenarios";
}
