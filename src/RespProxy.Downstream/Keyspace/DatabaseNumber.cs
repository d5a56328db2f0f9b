using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Keyspace;

/// <summary>The argument of SELECT, MOVE and COPY DB.</summary>
internal static class DatabaseNumber
{
    /// <summary>False, with the line to answer, when the tenant has no such database. Texts and their order are those of Redis 7.0.</summary>
    public static bool TryRead(ReadOnlySpan<byte> argument, Tenant tenant, out int database, out ReadOnlySpan<byte> error)
    {
        database = 0;
        error = default;
        if (!RespNumber.TryParse(argument, out long number)) error = WireErrors.NotAnInteger;
        else if (number is < int.MinValue or > int.MaxValue) error = WireErrors.OutOfInt32;
        else if (number < 0 || number >= tenant.Databases.Length) error = WireErrors.DatabaseOutOfRange;
        else database = (int)number;
        return error.IsEmpty;
    }
}
