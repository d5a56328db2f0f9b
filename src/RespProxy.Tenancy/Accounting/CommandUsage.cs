using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Accounting;

/// <summary>
/// What one tenant's clients did with one command on one loop since the start. Written by the loop without locks, read by anyone (a moment old, and
/// never back); read sums through <see cref="UsageLedger"/>.
/// </summary>
public sealed class CommandUsage
{
    /// <summary>Requests taken, whatever became of them: one that waits for its turn counts once, one queued in MULTI when it is queued.</summary>
    public long Calls;

    /// <summary>Replies that were errors, the proxy's own included; in a transaction also the elements of EXEC's reply, for the command queued.</summary>
    public long Errors;

    /// <summary>As the client sent them.</summary>
    public long RequestBytes;

    /// <summary>As the client gets them. What a queued command replies is part of EXEC's.</summary>
    public long ReplyBytes;

    /// <summary>Passed by the rules of a tenant that has any; nothing is counted for others.</summary>
    public long Allowed;

    /// <summary>Refused by a denylist.</summary>
    public long Denied;

    /// <summary>Refused by a rate, or by the bound on requests in flight.</summary>
    public long Throttled;

    /// <summary>Refused since the tenant is over its quota.</summary>
    public long OverQuota;

    /// <summary>Allowed after a wait; counted among the allowed, too.</summary>
    public long Delayed;

    /// <summary>A rule that only counts would have refused or delayed them.</summary>
    public long Shadowed;

    private LatencyHistogram? _upstream;

    internal CommandUsage(CommandSpec? command) => Command = command;

    /// <summary>Null for all that no Redis knows.</summary>
    public CommandSpec? Command { get; }

    /// <summary>Time that the proxy added, of every call answered.</summary>
    public LatencyHistogram Added { get; } = new();

    /// <summary>Time spent waiting for nodes; null while no call has waited for one.</summary>
    public LatencyHistogram? Upstream => Volatile.Read(ref _upstream);

    /// <summary>Counts the time, in Stopwatch ticks, that each of so many calls waited for nodes.</summary>
    public void AddUpstream(long ticks, long calls)
    {
        if (_upstream is null) Volatile.Write(ref _upstream, new LatencyHistogram());
        _upstream!.Add(ticks, calls);
    }
}
