using RespProxy.Configuration;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Scripts;

/// <summary>May the session run scripts now?</summary>
internal enum ScriptEntry
{
    Allowed,

    /// <summary>Later: the request is offered again.</summary>
    NotNow,

    /// <summary>No; the client has been told.</summary>
    Refused,
}

/// <summary>
/// Brings sessions to where their scripts may run. With <c>scripts: confined</c> that is the tenant's own user at the nodes; a session goes there
/// with its first script and stays, so that all it sends keeps one order. A client that never runs a script costs its tenant no connection.
/// One event loop's.
/// </summary>
internal sealed class ScriptUsers(ProxyLoop loop)
{
    private readonly Dictionary<Tenant, ConfinedUpstream> _byTenant = [];

    public ScriptEntry TryEnter(ClientSession session, CommandSpec spec)
    {
        Tenant tenant = session.Tenant!;
        ScriptAccess access = session.Identity.Policy!.ScriptAccess;
        if (access == ScriptAccess.Denied) return Refuse(session, ScriptErrors.Denied(spec, tenant));
        if (access == ScriptAccess.Trusted || (session.Identity.IsConfined && session.Watch is not { IsShared: true })) return ScriptEntry.Allowed;
        if (session.Pending > 0 || session.Watch is { IsBecoming: true })
        {
            session.WaitUntilIdle();
            return ScriptEntry.NotNow;
        }

        ConfinedUpstream own = OwnOf(tenant);
        own.Begin();
        switch (own.State)
        {
            case ConfinementState.Unknown:
                session.WaitUntilIdle();
                own.WhenKnown(session.EndWait);
                return ScriptEntry.NotNow;
            case ConfinementState.Refused:
                return Refuse(session, ScriptErrors.NotConfined(spec, tenant));
            case ConfinementState.Unreachable:
                if (session.Transaction is { } transaction) transaction.IsDirty = true;
                session.Reply(WireErrors.NotExecuted);
                return ScriptEntry.Refused;
            default:
                session.Identity.Confine(own.Loop);
                return Bring(session, own.User);
        }
    }

    /// <summary>Closes the connections of a tenant that has no clients any more.</summary>
    public void Forget(Tenant tenant)
    {
        if (_byTenant.Remove(tenant, out ConfinedUpstream? own)) loop.Upstreams[tenant.UpstreamIndex].Release(own);
    }

    /// <summary>The keys that the session watches came before its first script: their connection changes the user too.</summary>
    private static ScriptEntry Bring(ClientSession session, ConfinedUser user)
    {
        if (session.Watch is not { IsShared: true } watch || !watch.TryBecome(user, session.EndWait)) return ScriptEntry.Allowed;
        session.WaitUntilIdle();
        return ScriptEntry.NotNow;
    }

    private ConfinedUpstream OwnOf(Tenant tenant)
    {
        if (_byTenant.TryGetValue(tenant, out ConfinedUpstream? own)) return own;
        UpstreamLoop shared = loop.Upstreams[tenant.UpstreamIndex];
        var user = new ConfinedUser(tenant.Databases[0].Name, shared.Snapshot, [tenant.KeyPattern], tenant.ChannelPatterns);
        own = shared.Confine(user);
        own.Provisioned += isReady =>
        {
            if (isReady) loop.Counters.ScriptUsersProvisioned++;
            else loop.Counters.ScriptUsersRefused++;
        };
        _byTenant.Add(tenant, own);
        return own;
    }

    private static ScriptEntry Refuse(ClientSession session, string text)
    {
        if (session.Transaction is { } transaction) transaction.IsDirty = true;
        session.ReplyError(text);
        return ScriptEntry.Refused;
    }
}
