using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Tests.Admission;

/// <summary>A clock that goes when the test says so; begins at noon of 2026-01-31, UTC.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _nanoseconds;

    public ManualTime() => Clock = new AdmissionClock(this);

    public AdmissionClock Clock { get; }

    public static DateTimeOffset Noon { get; } = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => 1_000_000_000;

    public void Advance(double seconds) => _nanoseconds += (long)(seconds * 1e9);

    public override long GetTimestamp() => _nanoseconds;

    public override DateTimeOffset GetUtcNow() => Noon.AddTicks(_nanoseconds / 100);
}
