namespace RespProxy.Tenancy.Admission;

/// <summary>What admission said to one tenant's requests on one loop since the start. Written by the loop, read by anyone (a moment old).</summary>
public sealed class AdmissionCounters
{
    public long Allowed;

    public long Denied;

    /// <summary>By a rate, or by the bound on requests in flight.</summary>
    public long Throttled;

    /// <summary>Allowed after a wait; counted among the allowed, too.</summary>
    public long Delayed;

    /// <summary>A rule that only counts would have refused or delayed them.</summary>
    public long Shadowed;
}
