using System.Globalization;
using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Downstream.Local;

/// <summary>
/// The commandstats of INFO (https://redis.io/docs/latest/commands/info/), of the client's own tenant, over all loops. As in Redis a rejected call was stopped before it ran and is not among
/// the calls: here by a limit, a denylist or the quota. The time is what the client waits for at the proxy: the node's and the proxy's own.
/// </summary>
internal static class CommandStats
{
    public static void Write(StringBuilder text, ClientSession session)
    {
        text.Append("# Commandstats\r\n");
        UsageReport usage = session.Loop.Accounting.Ledger.Of(session.Tenant?.Name ?? UsageReport.Nobody);
        foreach (CommandReading reading in usage.Commands)
        {
            // What no Redis knows is no command there; this very one counts when it is over.
            if (reading is { Command: not null, Calls: > 0 }) WriteLine(text, reading);
        }
    }

    private static void WriteLine(StringBuilder text, CommandReading reading)
    {
        long rejected = reading.Denied + reading.Throttled + reading.OverQuota;
        // Each is written by itself while it is read here: a difference may be behind by a moment, and must not show.
        long calls = Math.Max(0, reading.Calls - rejected);
        long failed = Math.Clamp(reading.Errors - rejected, 0, calls);
        double microseconds = (reading.Added.TotalSeconds + reading.Upstream.TotalSeconds) * 1e6;
        double perCall = calls == 0 ? 0 : microseconds / calls;
        text.Append(
            CultureInfo.InvariantCulture,
            $"cmdstat_{reading.Name}:calls={calls},usec={(long)microseconds},usec_per_call={perCall:F2},rejected_calls={rejected},failed_calls={failed}\r\n");
    }
}
