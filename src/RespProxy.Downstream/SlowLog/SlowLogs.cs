using System.Collections.Concurrent;
using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.SlowLog;

/// <summary>The tenants' slow logs, each of its own tenant alone, shared by all loops. Any thread.</summary>
internal sealed class SlowLogs(SlowLogSnapshot configuration)
{
    /// <summary>
    /// Of all tenants together: at three microseconds each, some half a percent of a processor. When everything is slow, because the proxy has too much to do or the
    /// nodes have, every command of a thousand tenants would be kept otherwise, and the proxy have more to do.
    /// </summary>
    public const int MostPerSecond = 2048;

    private readonly ConcurrentDictionary<Tenant, TenantSlowLog> _logs = new();
    private readonly SecondBudget _budget = new(Math.Max(MostPerSecond, configuration.Entries));

    public SlowLogSnapshot Configuration => configuration;

    /// <summary>Time from request to reply, in Stopwatch ticks, from which a command is slow; none is when nothing is kept.</summary>
    public long Threshold { get; } = configuration.Entries == 0 ? long.MaxValue : (long)(configuration.Threshold.TotalSeconds * Stopwatch.Frequency);

    /// <summary>The tenant is not configured any more.</summary>
    public void Forget(Tenant tenant) => _logs.TryRemove(tenant, out _);

    /// <summary>The tenant's log, if one more is to be kept there in this second of Unix time; null otherwise.</summary>
    public TenantSlowLog? Reserve(Tenant tenant, long second) => Of(tenant) is var log && log.TryReserve(second) && _budget.TryTake(second) ? log : null;

    public TenantSlowLog Of(Tenant tenant) => _logs.GetOrAdd(tenant, static (_, entries) => new TenantSlowLog(entries), configuration.Entries);
}
