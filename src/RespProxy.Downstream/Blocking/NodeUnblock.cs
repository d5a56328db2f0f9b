using System.Globalization;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Blocking;

/// <summary>Asks a node to end what blocks on a leased connection: https://redis.io/docs/latest/commands/client-unblock/</summary>
internal static class NodeUnblock
{
    /// <summary>False when the node does not know the connection by a number, or cannot be asked now.</summary>
    public static bool TrySend(ClientSession session, NodeConnection? blocked, bool withError)
    {
        if (blocked is not { IsReady: true, ClientId: > 0 }) return false;
        NodeConnection? control = session.Identity.SharedUpstream.ReadyConnectionTo(blocked.Node, blocked.IsResp3);
        if (control is null) return false;
        ReplyBuilder command = new ReplyBuilder().Start(resp3: false).Array(4)
            .Bulk("CLIENT").Bulk("UNBLOCK").Bulk(blocked.ClientId.ToString(CultureInfo.InvariantCulture)).Bulk(withError ? "ERROR" : "TIMEOUT");
        command.Written.CopyTo(control.GetSpan(command.Written.Length));
        control.Send(command.Written.Length, new InFlightRequest { StartedAt = session.Loop.Events.Now });
        return true;
    }
}
