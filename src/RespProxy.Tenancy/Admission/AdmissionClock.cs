namespace RespProxy.Tenancy.Admission;

/// <summary>The time that rules go by. Any thread.</summary>
public sealed class AdmissionClock(TimeProvider time)
{
    /// <summary>
    /// Ticks of a second: 1/32 ns each. At 10^8 tokens a second one token is 320 of them, so that rounding costs little; a signed 64-bit
    /// number of them lasts nine years of uptime.
    /// </summary>
    public const long TicksPerSecond = 32_000_000_000;

    private readonly long _start = time.GetTimestamp();
    private readonly long _frequency = time.TimestampFrequency;

    /// <summary>Whole ticks of a timestamp unit; 0 where it is not a whole number, and the slow way is taken.</summary>
    private readonly long _factor = TicksPerSecond % time.TimestampFrequency == 0 ? TicksPerSecond / time.TimestampFrequency : 0;

    /// <summary>Ticks since the clock was made; never goes back.</summary>
    public long Now
    {
        get
        {
            long elapsed = time.GetTimestamp() - _start;
            return _factor != 0 ? elapsed * _factor : (long)((Int128)elapsed * TicksPerSecond / _frequency);
        }
    }

    /// <summary>For rules with an expiry.</summary>
    public DateTimeOffset UtcNow => time.GetUtcNow();

    /// <summary>Rounded up, at least 1 ms: what a client is told to wait, and what a timer can do. No wait is longer than two days.</summary>
    public static long ToMilliseconds(long ticks)
    {
        const long PerMillisecond = TicksPerSecond / 1000;
        return Math.Max(1, (ticks / PerMillisecond) + (ticks % PerMillisecond == 0 ? 0 : 1));
    }

    public static long ToTicks(TimeSpan span) => span.Ticks * (TicksPerSecond / TimeSpan.TicksPerSecond);
}
