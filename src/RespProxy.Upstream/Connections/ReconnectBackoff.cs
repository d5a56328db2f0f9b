namespace RespProxy.Upstream.Connections;

/// <summary>
/// How long to leave a node alone after a failed connection: doubling, capped, with full jitter so that a thousand proxies do
/// not dial a returning node at the same moment.
/// </summary>
public static class ReconnectBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);

    /// <summary>It never takes longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <param name="failures">Failures in a row before this one.</param>
    /// <param name="random">Evenly from [0, 1).</param>
    public static TimeSpan Next(int failures, double random)
    {
        double ceiling = Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 10)));
        return TimeSpan.FromMilliseconds((ceiling / 2) + (ceiling / 2 * random));
    }
}
