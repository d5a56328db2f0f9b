using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class BitmapRows
{
    public static CommandSpec[] All => Group("bitmap",
    [
        Keyed("BITCOUNT", -2, R, At(1)),
        Keyed("BITFIELD", -2, W | D, At(1)),
        Keyed("BITFIELD_RO", -2, R | F, At(1)),
        Keyed("BITOP", -4, W | D, FromTo(2, -1)),
        Keyed("BITPOS", -3, R, At(1)),
        Keyed("GETBIT", 3, R | F, At(1)),
        Keyed("SETBIT", 4, W | D, At(1)),
    ]);
}
