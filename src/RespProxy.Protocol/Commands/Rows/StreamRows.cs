using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class StreamRows
{
    public static CommandSpec[] All => Group("stream",
    [
        Keyed("XACK", -4, W | F, At(1)),
        Keyed("XADD", -5, W | D | F, At(1)),
        Keyed("XAUTOCLAIM", -6, W | F, At(1)),
        Keyed("XCLAIM", -6, W | F, At(1)),
        Keyed("XDEL", -3, W | F, At(1)),
        Container("XGROUP", -2, None),
        Keyed("XGROUP|CREATE", -5, W | D, At(2)),
        Keyed("XGROUP|CREATECONSUMER", 5, W | D, At(2)),
        Keyed("XGROUP|DELCONSUMER", 5, W, At(2)),
        Keyed("XGROUP|DESTROY", 4, W, At(2)),
        Local("XGROUP|HELP", 2, L | T, LocalCommand.Help),
        Keyed("XGROUP|SETID", -5, W, At(2)),
        Container("XINFO", -2, None),
        Keyed("XINFO|CONSUMERS", 4, R, At(2)),
        Keyed("XINFO|GROUPS", 3, R, At(2)),
        Local("XINFO|HELP", 2, L | T, LocalCommand.Help),
        Keyed("XINFO|STREAM", -3, R, At(2)),
        Keyed("XLEN", 2, R | F, At(1)),
        Keyed("XPENDING", -3, R, At(1)),
        Keyed("XRANGE", -4, R, At(1)),
        Keyed("XREAD", -4, R | B, Streams, StripStreams, "With BLOCK, on a connection of its own."),
        Keyed("XREADGROUP", -7, W | B, GroupStreams, StripStreams, "With BLOCK, on a connection of its own."),
        Keyed("XREVRANGE", -4, R, At(1)),
        Keyed("XSETID", -3, W | D | F, At(1)),
        Keyed("XTRIM", -4, W, At(1)),
    ]);
}
