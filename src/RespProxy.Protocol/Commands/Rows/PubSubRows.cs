using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class PubSubRows
{
    public static CommandSpec[] All => Group("pubsub",
    [
        NotYet("PSUBSCRIBE", -2, P | S | L | T, Channels),
        NotYet("PUBLISH", 3, P | L | T | F | C, Channels),
        Container("PUBSUB", -2, None),
        NotYet("PUBSUB|CHANNELS", -2, P | L | T, Channels),
        Local("PUBSUB|HELP", 2, L | T, LocalCommand.Help),
        NotYet("PUBSUB|NUMPAT", 2, P | L | T, Channels),
        NotYet("PUBSUB|NUMSUB", -2, P | L | T, Channels),
        NotYet("PUBSUB|SHARDCHANNELS", -2, P | L | T, Channels),
        NotYet("PUBSUB|SHARDNUMSUB", -2, P | L | T, Channels),
        NotYet("PUNSUBSCRIBE", -1, P | S | L | T, Channels),
        NotYet("SPUBLISH", 3, P | L | T | F | C, Channels),
        NotYet("SSUBSCRIBE", -2, P | S | L | T, Channels),
        NotYet("SUBSCRIBE", -2, P | S | L | T, Channels),
        NotYet("SUNSUBSCRIBE", -1, P | S | L | T, Channels),
        NotYet("UNSUBSCRIBE", -1, P | S | L | T, Channels),
    ]);
}
