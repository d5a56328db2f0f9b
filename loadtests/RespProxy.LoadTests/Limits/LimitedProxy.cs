using System.Text;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Limits;

/// <summary>A proxy with a tenant for each cell, and one without a limit. A tenant's password is its name.</summary>
internal sealed class LimitedProxy : IDisposable
{
    /// <summary>The tenant without a limit.</summary>
    public const string Unlimited = "unlimited";

    private readonly ChildProcess _process;

    public LimitedProxy(string binary, int loops, IReadOnlyList<LimitCell> cells, RedisUpstream upstream, WorkDirectory directory)
    {
        // An empty namespace of its own for each number of loops: a client's first number is then 1.
        StringBuilder tenants = new($"  - {{name: {Unlimited}, namespace: l{loops}@{Unlimited}, passwords: [{Unlimited}]}}\n");
        foreach (LimitCell cell in cells)
        {
            // The longest queue, of 64 clients at 10 a second, takes 6.4 s.
            string action = cell.Action == LimitAction.Delay ? "action: delay, maxDelay: 30s" : "action: reject";
            tenants.Append(FormattableString.Invariant(
                $"  - {{name: {cell.Tenant}, namespace: l{loops}@{cell.Tenant}, passwords: [{cell.Tenant}], limits: {{rates: [{{name: all, rate: {cell.Rate}, burst: {cell.Burst}, {action}}}]}}}}\n"));
        }

        Endpoint = ServerEndpoint.FreePort();
        string config = FormattableString.Invariant($$"""
            loops: {{loops}}
            upstreams: [{name: bench, mode: standalone, seeds: ["127.0.0.1:{{upstream.Endpoints[0].Port}}"], placementMarkers: false}]
            listeners: [{name: bench, bind: "tcp://127.0.0.1:{{Endpoint.Port}}"}]
            admin: {enabled: false}
            tenants:
            {{tenants}}
            """);
        _process = new ChildProcess("respproxy", binary, ["run", "--config", directory.Write($"limits-{loops}.yaml", config)]);
        try
        {
            Readiness.WaitForUpstream(_process, Endpoint, Unlimited);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where clients connect, and authenticate as their cell's tenant.</summary>
    public ServerEndpoint Endpoint { get; }

    public void Dispose() => _process.Dispose();
}
