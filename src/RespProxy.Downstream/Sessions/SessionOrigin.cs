using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Sessions;

/// <summary>The listener a client came in on.</summary>
/// <param name="Listener">The listener's name.</param>
/// <param name="Tenant">Tenant of all its connections; null where clients must authenticate.</param>
internal sealed record SessionOrigin(string Listener, Tenant? Tenant);

/// <summary>CLIENT REPLY (https://redis.io/docs/latest/commands/client-reply/).</summary>
internal enum ReplyMode : byte
{
    On,
    Off,

    /// <summary>The next command's reply is left out.</summary>
    SkipNext,
}
