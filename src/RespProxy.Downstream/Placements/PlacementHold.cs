using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Placements;

/// <summary>Keeps a client's first request that needs keys until its tenant's <see cref="PlacementGate"/> is open. Loop thread only.</summary>
internal static class PlacementHold
{
    /// <summary>
    /// True: the request is not to be executed now. Then <paramref name="isAnswered"/> says whether it was answered, or is to be offered again.
    /// </summary>
    public static bool Stops(ClientSession session, CommandSpec spec, out bool isAnswered)
    {
        isAnswered = true;
        if (session.Tenant is null || !NeedsKeys(spec)) return false;
        SessionIdentity identity = session.Identity;
        PlacementGate gate = session.Loop.Placements[session.Tenant];
        if (!gate.IsOpen)
        {
            PlacementVerdict? verdict = gate.Enter(identity.PlacementAttempt, () => session.Loop.Events.Post(session.EndWait), out int attempt);
            identity.PlacementAttempt = attempt;
            if (verdict is not null)
            {
                if (session.Transaction is not null) session.Transaction.IsDirty = true;
                if (verdict.Kind == PlacementVerdictKind.Refused) session.ReplyError(verdict.Error);
                else session.Reply(WireErrors.NotExecuted);
                return true;
            }

            if (attempt != 0)
            {
                isAnswered = session.WaitUntilIdle();
                return true;
            }
        }

        identity.IsPlacementKnown = true;
        return false;
    }

    /// <summary>A transaction may not even begin: what is queued in it needs keys. Plain channels are the same in every placement, shard channels are not.</summary>
    private static bool NeedsKeys(CommandSpec spec) =>
        spec.Route != RouteRule.Local || spec.Local is LocalCommand.Multi or LocalCommand.Watch or LocalCommand.Subscribe;
}
