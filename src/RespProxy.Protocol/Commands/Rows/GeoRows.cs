using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class GeoRows
{
    public static CommandSpec[] All => Group("geo",
    [
        Keyed("GEOADD", -5, W | D, At(1)),
        Keyed("GEODIST", -4, R, At(1)),
        Keyed("GEOHASH", -2, R, At(1)),
        Keyed("GEOPOS", -2, R, At(1)),
        Keyed("GEORADIUS", -6, W | D, Geo(6)),
        Keyed("GEORADIUSBYMEMBER", -5, W | D, Geo(5)),
        Keyed("GEORADIUSBYMEMBER_RO", -5, R, At(1)),
        Keyed("GEORADIUS_RO", -6, R, At(1)),
        Keyed("GEOSEARCH", -7, R, At(1)),
        Keyed("GEOSEARCHSTORE", -8, W | D, FromTo(1, 2)),
    ]);
}
