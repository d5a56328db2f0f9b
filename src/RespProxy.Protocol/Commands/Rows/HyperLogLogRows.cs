using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class HyperLogLogRows
{
    public static CommandSpec[] All => Group("hyperloglog",
    [
        Keyed("PFADD", -2, W | D | F, At(1)),
        Keyed("PFCOUNT", -2, R | C, FromTo(1, -1)),
        NotForTenants("PFDEBUG", 3, W | D | A, Administration, At(2)),
        Keyed("PFMERGE", -2, W | D, FromTo(1, -1)),
        NotForTenants("PFSELFTEST", 1, A, Administration),
    ]);
}
