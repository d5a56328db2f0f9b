using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class BitmapRows
{
    public static CommandSpec[] All => Group("bitmap",
    [
        Cached("BITCOUNT", -2, R),
        Keyed("BITFIELD", -2, W | D, At(1)),
        Keyed("BITFIELD_RO", -2, R | F, At(1)),
        Keyed("BITOP", -4, W | D, FromTo(2, -1)),
        Cached("BITPOS", -3, R),
        Cached("GETBIT", 3, R | F),
        Keyed("SETBIT", 4, W | D, At(1)),
    ]);
}
