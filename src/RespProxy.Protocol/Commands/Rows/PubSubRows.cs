using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class PubSubRows
{
    private const string Subscribed = "One subscription upstream for all clients of a loop. Confirmed once the node has. Not inside MULTI. Keyspace notifications (__keyspace@0__:*, __keyevent@0__:*, __key*) tell of the tenant's own keys, from every primary.";
    private const string SubscribedToShard = "As SUBSCRIBE, at the owner of the slot; channels of several slots may be named at once. Follows the slot when it moves.";
    private const string Own = "The tenant's own, as this proxy's clients subscribed.";
    private const string Receivers = "The reply counts the subscriptions at one node; all clients of a proxy's loop are one.";

    public static CommandSpec[] All => Group("pubsub",
    [
        Local("PSUBSCRIBE", -2, P | S | L | T, LocalCommand.Subscribe, Subscribed),
        Published("PUBLISH", 3, P | L | T | F | C, Receivers),
        Container("PUBSUB", -2, None),
        Local("PUBSUB|CHANNELS", -2, P | L | T, LocalCommand.PubSub, Own),
        Local("PUBSUB|HELP", 2, L | T, LocalCommand.Help),
        Local("PUBSUB|NUMPAT", 2, P | L | T, LocalCommand.PubSub, Own),
        Local("PUBSUB|NUMSUB", -2, P | L | T, LocalCommand.PubSub, Own),
        Local("PUBSUB|SHARDCHANNELS", -2, P | L | T, LocalCommand.PubSub, Own),
        Local("PUBSUB|SHARDNUMSUB", -2, P | L | T, LocalCommand.PubSub, Own),
        Local("PUNSUBSCRIBE", -1, P | S | L | T, LocalCommand.Unsubscribe),
        Published("SPUBLISH", 3, P | L | T | F | C, Receivers),
        Local("SSUBSCRIBE", -2, P | S | L | T, LocalCommand.Subscribe, SubscribedToShard),
        Local("SUBSCRIBE", -2, P | S | L | T, LocalCommand.Subscribe, Subscribed),
        Local("SUNSUBSCRIBE", -1, P | S | L | T, LocalCommand.Unsubscribe),
        Local("UNSUBSCRIBE", -1, P | S | L | T, LocalCommand.Unsubscribe),
    ]);
}
