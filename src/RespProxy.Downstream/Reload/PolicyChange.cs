using RespProxy.Downstream.Admission;
using RespProxy.Downstream.Sessions;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Reload;

/// <summary>
/// Brings a client under its tenant's new policy: before its next request, whichever loop it is on, so that once a policy is in force no request is judged by the one
/// before; and when the reload comes by, for those that ask nothing. Loop thread only.
/// </summary>
internal static class PolicyChange
{
    /// <summary>For a client whose request is at hand. False: its tenant is gone; the client has been told, and is closed.</summary>
    public static bool Follow(ClientSession session)
    {
        if (TryFollow(session)) return true;
        session.ReplyError($"NOAUTH tenant '{session.Tenant!.Name}' is not configured here any more");
        session.CloseWhenAnswered();
        return false;
    }

    /// <summary>For a client that asks nothing now. One whose tenant is gone is closed once it has been answered; what blocks for it ends.</summary>
    public static void FollowUnasked(ClientSession session)
    {
        if (session.IsClosed || session.Identity.IsCurrent || TryFollow(session)) return;
        session.Unblock(withError: true);
        session.CloseWhenAnswered();
    }

    private static bool TryFollow(ClientSession session)
    {
        TenantPolicy policy = session.Tenant!.Policy;
        session.Identity.Follow(policy);
        if (policy.IsRetired) return false;
        SessionAdmission.Follow(session, session.Tenant, policy);
        session.FollowNearCache();
        return true;
    }
}
