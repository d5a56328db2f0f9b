using RespProxy.Protocol.Commands;

namespace RespProxy.Configuration;

/// <summary>Which commands policy must let through, since refusing them would lock a client out or leave it in a state it believes to have left.</summary>
public static class DenialRules
{
    /// <summary>False: neither a denylist nor a rate refuses it. It identifies the client, or ends a transaction, a subscription or the connection.</summary>
    public static bool CanBeDenied(CommandSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Local is not (LocalCommand.Auth or LocalCommand.Hello or LocalCommand.Quit or LocalCommand.Reset
            or LocalCommand.Exec or LocalCommand.Discard or LocalCommand.Unwatch or LocalCommand.Unsubscribe);
    }

    /// <summary>
    /// False: no rate refuses it. Besides what cannot be denied that is MULTI: were it refused now and then, the rest of a pipelined
    /// transaction would run command by command.
    /// </summary>
    public static bool CanBeThrottled(CommandSpec spec) => CanBeDenied(spec) && spec.Local != LocalCommand.Multi;
}
