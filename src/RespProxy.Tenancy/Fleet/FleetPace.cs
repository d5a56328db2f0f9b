using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Fleet;

/// <summary>
/// How often a proxy asks for tokens of a rate: every 25 ms, and more slowly the more proxies share the rate, so that hundreds of them ask the control Redis
/// hardly more often than a few do. The script in the control Redis reckons with the same numbers.
/// </summary>
public static class FleetPace
{
    /// <summary>What a lease is sized for is as much as clients can wait for without noticing.</summary>
    public const int ShortestMilliseconds = 25;

    /// <summary>Up to so many proxies ask at the shortest period.</summary>
    public const int FewProxies = 4;

    /// <summary>The longest period is so many times the shortest.</summary>
    public const int MostTimes = 10;

    /// <summary>The time between two leases of one proxy, in ticks of <see cref="AdmissionClock"/>.</summary>
    public static long PeriodOf(int proxies) => ShortestMilliseconds * (AdmissionClock.TicksPerSecond / 1000)
        * Math.Clamp(proxies, FewProxies, FewProxies * MostTimes) / FewProxies;
}
