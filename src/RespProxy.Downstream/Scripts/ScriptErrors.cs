using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Scripts;

/// <summary>Why a script is not run.</summary>
internal static class ScriptErrors
{
    public static string Denied(CommandSpec spec, Tenant tenant) => $"{Refusals.Denied(spec, tenant)}: its configuration says scripts: denied";

    /// <summary>What a node said goes to the log only: it speaks of the proxy's user, not of the client's.</summary>
    public static string NotConfined(CommandSpec spec, Tenant tenant) =>
        $"{Refusals.Denied(spec, tenant)}: the upstream does not let the proxy confine scripts to this tenant's keys, its log says why; " +
        "allow its user ACL SETUSER and COMMAND INFO (Redis 6.2.7 or later), or configure scripts: trusted for this tenant";

    public static ReadOnlySpan<byte> FlushOption => "-ERR SCRIPT FLUSH only support SYNC|ASYNC option\r\n"u8;

    /// <summary>Of SCRIPT SHOW; it has no advice to give.</summary>
    public static ReadOnlySpan<byte> NothingToShow => "-NOSCRIPT No matching script.\r\n"u8;
}
