using RespProxy.Downstream;

namespace RespProxy.Control.Admin;

/// <summary>
/// Commands per second, from totals that are looked at when somebody asks: no timer runs for nobody. A rate is of the time since an earlier look, a
/// second to a minute ago; who asks first waits a moment for a second look. Any thread.
/// </summary>
public sealed class CallRates(ProxyServer server, TimeProvider time)
{
    private static readonly TimeSpan LeastSpan = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostSpan = TimeSpan.FromSeconds(60);

    /// <summary>What the first to ask waits for.</summary>
    private static readonly TimeSpan FirstSpan = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private Look? _older;
    private Look? _newer;

    /// <summary>Looks now, and compares.</summary>
    public async Task<CallRatesReading> ReadAsync(CancellationToken cancellation)
    {
        Look now = TakeLook();
        Look? before = Remember(now);
        if (before is null)
        {
            before = now;
            await Task.Delay(FirstSpan, time, cancellation).ConfigureAwait(false);
            now = TakeLook();
        }

        return new CallRatesReading(now.Calls, before.Calls, time.GetElapsedTime(before.At, now.At));
    }

    /// <summary>The look to compare with; null: there is none of a useful age.</summary>
    private Look? Remember(Look now)
    {
        lock (_lock)
        {
            if (_newer is null || Age(_newer) > MostSpan)
            {
                _older = null;
                _newer = now;
                return null;
            }

            if (Age(_newer) >= LeastSpan)
            {
                _older = _newer;
                _newer = now;
            }

            return _older ?? (Age(_newer) >= FirstSpan ? _newer : null);
        }

        TimeSpan Age(Look look) => time.GetElapsedTime(look.At, now.At);
    }

    private Look TakeLook() => new(time.GetTimestamp(), server.ReadCalls());

    private sealed record Look(long At, IReadOnlyDictionary<string, long> Calls);
}

/// <summary>How fast commands come.</summary>
/// <param name="now">Commands by tenant at the end of the span.</param>
/// <param name="before">The same at its begin.</param>
/// <param name="span">The time between.</param>
public sealed class CallRatesReading(IReadOnlyDictionary<string, long> now, IReadOnlyDictionary<string, long> before, TimeSpan span)
{
    /// <summary>Commands per second of all together.</summary>
    public double Total => Math.Round(now.Keys.Sum(Of), 1);

    /// <summary>Commands per second of one tenant; 0 for one that has had no clients.</summary>
    public double Of(string tenant)
    {
        // A tenant that is forgotten and comes again begins at nothing.
        long calls = Math.Max(0, now.GetValueOrDefault(tenant) - before.GetValueOrDefault(tenant));
        return span > TimeSpan.Zero ? Math.Round(calls / span.TotalSeconds, 1) : 0;
    }
}
