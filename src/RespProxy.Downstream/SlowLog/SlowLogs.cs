using System.Collections.Concurrent;
using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.SlowLog;

/// <summary>The tenants' slow logs, each of its own tenant alone, shared by all loops. Any thread.</summary>
internal sealed class SlowLogs(SlowLogSnapshot configuration)
{
    private readonly ConcurrentDictionary<Tenant, TenantSlowLog> _logs = new();

    public SlowLogSnapshot Configuration => configuration;

    /// <summary>Time from request to reply, in Stopwatch ticks, from which a command is slow; none is when nothing is kept.</summary>
    public long Threshold { get; } = configuration.Entries == 0 ? long.MaxValue : (long)(configuration.Threshold.TotalSeconds * Stopwatch.Frequency);

    /// <summary>The tenant is not configured any more.</summary>
    public void Forget(Tenant tenant) => _logs.TryRemove(tenant, out _);

    public TenantSlowLog Of(Tenant tenant) => _logs.GetOrAdd(tenant, static (_, entries) => new TenantSlowLog(entries), configuration.Entries);
}
