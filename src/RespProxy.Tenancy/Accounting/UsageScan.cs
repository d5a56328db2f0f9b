using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Accounting;

/// <summary>
/// Reads all that a ledger holds, tenant by tenant and command by command, without making an object of each: a thousand tenants with fifty commands each
/// have a hundred thousand histograms. The ledger may be written meanwhile; no number ever goes back from one scan to the next.
///
/// <para>Use: <see cref="ReadTenants"/>, then for each of them <see cref="Enter"/> and what is wanted of it. One thread.</para>
/// </summary>
public sealed class UsageScan(UsageLedger ledger)
{
    private readonly List<TenantUsage> _usages = [];

    /// <summary>Numbers of commands: 0 up to this, which is that of all that no Redis knows.</summary>
    public static int LastCommand => TenantUsage.Unknown;

    /// <summary>A command's name as figures call it: <c>client|list</c>.</summary>
    public static string NameOf(int command) => command == TenantUsage.Unknown ? CommandReading.UnknownName : CommandTable.All[command].Name.ToLowerInvariant();

    /// <summary>True for commands that may wait until something happens: Redis's flag.</summary>
    public static bool MayWait(int command) => command != TenantUsage.Unknown && (CommandTable.All[command].Flags & CommandFlags.Blocking) != 0;

    /// <summary>Tenants that have had clients, by name; first, if there were any, clients that have not authenticated.</summary>
    public string[] ReadTenants()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (LoopUsage loop in ledger.Loops)
        {
            foreach ((string name, _) in loop.Tenants) names.Add(name);
        }

        string[] sorted = [.. names];
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    /// <summary>The following questions are about this tenant.</summary>
    public void Enter(string tenant)
    {
        _usages.Clear();
        foreach (LoopUsage loop in ledger.Loops)
        {
            if (loop.Tenants.TryGetValue(tenant, out TenantUsage? usage)) _usages.Add(usage);
        }
    }

    /// <summary>What was sent to the tenant's clients and answers no command.</summary>
    public (long Count, long Bytes) ReadPushes()
    {
        (long count, long bytes) = (0, 0);
        foreach (TenantUsage usage in _usages)
        {
            count += Volatile.Read(ref usage.Pushes);
            bytes += Volatile.Read(ref usage.PushedBytes);
        }

        return (count, bytes);
    }

    /// <summary>Adds the command's numbers to <paramref name="figures"/>; false: the tenant has not used it.</summary>
    public bool TryAdd(int command, ref CommandFigures figures)
    {
        bool isUsed = false;
        foreach (TenantUsage usage in _usages)
        {
            if (usage.Peek(command) is not { } used) continue;
            figures.Add(used);
            isUsed = true;
        }

        return isUsed;
    }

    /// <summary>Adds the times of the command's calls to the sums; null: not wanted.</summary>
    public void AddLatencies(int command, LatencySums? added, LatencySums? upstream)
    {
        foreach (TenantUsage usage in _usages)
        {
            if (usage.Peek(command) is not { } used) continue;
            added?.Add(used.Added);
            if (used.Upstream is { } waited) upstream?.Add(waited);
        }
    }
}

/// <summary>The numbers of one command, or of several together: see <see cref="CommandUsage"/>. A mutable value.</summary>
public struct CommandFigures
{
    public long Calls;
    public long Errors;
    public long RequestBytes;
    public long ReplyBytes;
    public long Allowed;
    public long Denied;
    public long Throttled;
    public long OverQuota;
    public long Delayed;
    public long Shadowed;

    /// <summary>Limits or denylists had a say in some call.</summary>
    public readonly bool IsAdmitted => Allowed + Denied + Throttled + OverQuota > 0;

    /// <summary>Adds the numbers of another command.</summary>
    public void Add(in CommandFigures other)
    {
        Calls += other.Calls;
        Errors += other.Errors;
        RequestBytes += other.RequestBytes;
        ReplyBytes += other.ReplyBytes;
        Allowed += other.Allowed;
        Denied += other.Denied;
        Throttled += other.Throttled;
        OverQuota += other.OverQuota;
        Delayed += other.Delayed;
        Shadowed += other.Shadowed;
    }

    internal void Add(CommandUsage usage)
    {
        Calls += Volatile.Read(ref usage.Calls);
        Errors += Volatile.Read(ref usage.Errors);
        RequestBytes += Volatile.Read(ref usage.RequestBytes);
        ReplyBytes += Volatile.Read(ref usage.ReplyBytes);
        Allowed += Volatile.Read(ref usage.Allowed);
        Denied += Volatile.Read(ref usage.Denied);
        Throttled += Volatile.Read(ref usage.Throttled);
        OverQuota += Volatile.Read(ref usage.OverQuota);
        Delayed += Volatile.Read(ref usage.Delayed);
        Shadowed += Volatile.Read(ref usage.Shadowed);
    }
}

/// <summary>Times of many calls, by <see cref="LatencyBuckets"/>, in room that is used again. One thread.</summary>
public sealed class LatencySums
{
    private readonly long[] _counts = new long[LatencyBuckets.Count];
    private long _ticks;

    /// <summary>Calls per bucket, not summed up.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Of all calls.</summary>
    public double TotalSeconds => (double)_ticks / System.Diagnostics.Stopwatch.Frequency;

    public void Clear()
    {
        Array.Clear(_counts);
        _ticks = 0;
    }

    internal void Add(LatencyHistogram histogram) => histogram.AddTo(_counts, ref _ticks);
}
