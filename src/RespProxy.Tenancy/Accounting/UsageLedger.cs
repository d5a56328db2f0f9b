using System.Collections.Concurrent;

namespace RespProxy.Tenancy.Accounting;

/// <summary>
/// What all tenants' clients have done since the start: each loop counts for itself, sums are made here when they are read. Any thread.
/// </summary>
public sealed class UsageLedger
{
    private readonly ConcurrentBag<LoopUsage> _loops = [];

    /// <summary>Requests taken, of all tenants not forgotten and of clients that are nobody's.</summary>
    public long Calls
    {
        get
        {
            long calls = 0;
            foreach (LoopUsage loop in _loops)
            {
                foreach ((_, TenantUsage usage) in loop.Tenants)
                {
                    for (int command = 0; command <= TenantUsage.Unknown; command++)
                        calls += usage.Peek(command) is { } used ? Volatile.Read(ref used.Calls) : 0;
                }
            }

            return calls;
        }
    }

    /// <summary>The same by tenant; far cheaper than all that is known of each.</summary>
    public IReadOnlyDictionary<string, long> CallsByTenant()
    {
        var calls = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach ((string tenant, TenantUsage usage) in _loops.SelectMany(loop => loop.Tenants))
            calls[tenant] = calls.GetValueOrDefault(tenant) + usage.Commands.Sum(command => Volatile.Read(ref command.Calls));
        return calls;
    }

    internal IReadOnlyCollection<LoopUsage> Loops => _loops;

    /// <summary>A loop's own book.</summary>
    public LoopUsage AddLoop()
    {
        var loop = new LoopUsage();
        _loops.Add(loop);
        return loop;
    }

    /// <summary>One tenant's sums over all loops; empty when it has had no clients. Allocates: not for every command.</summary>
    /// <param name="tenant">Its name; <see cref="UsageReport.Nobody"/> for clients that have not authenticated.</param>
    public UsageReport Of(string tenant)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        return new UsageReport(tenant, [.. _loops.Select(loop => loop.Tenants.GetValueOrDefault(tenant)).OfType<TenantUsage>()]);
    }

    /// <summary>Of every tenant that has had clients, by name; first, if there were any, clients that have not authenticated.</summary>
    public IReadOnlyList<UsageReport> All() =>
        [.. _loops.SelectMany(loop => loop.Tenants.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(Of)];
}

/// <summary>One loop's book: its tenants' usage. <see cref="Of"/> is for the loop's thread.</summary>
public sealed class LoopUsage
{
    /// <summary>By the tenant's name, which lasts longer than what a configuration says of it.</summary>
    internal ConcurrentDictionary<string, TenantUsage> Tenants { get; } = new(StringComparer.Ordinal);

    /// <summary>The tenant's usage on this loop, made if there is none. <see cref="UsageReport.Nobody"/> is a name, too.</summary>
    public TenantUsage Of(string tenant) => Tenants.GetOrAdd(tenant, static _ => new TenantUsage());

    /// <summary>What a tenant that is gone has used is told no more.</summary>
    public void Forget(string tenant) => Tenants.TryRemove(tenant, out _);
}
