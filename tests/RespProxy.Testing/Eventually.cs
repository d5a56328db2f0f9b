using System.Diagnostics;

namespace RespProxy.Testing;

/// <summary>Waits for something that happens elsewhere, by polling, with a bound.</summary>
public static class Eventually
{
    /// <summary>Long enough for a loaded two-core machine; a test that passes doesn't wait for it.</summary>
    public static readonly TimeSpan DefaultBound = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    /// <exception cref="TimeoutException">The claim didn't come true in time.</exception>
    public static Task HoldsAsync(string claim, Func<bool> condition, TimeSpan? bound = null) =>
        HoldsAsync(claim, () => Task.FromResult(condition()), bound);

    /// <inheritdoc cref="HoldsAsync(string, Func{bool}, TimeSpan?)"/>
    public static async Task HoldsAsync(string claim, Func<Task<bool>> condition, TimeSpan? bound = null)
    {
        TimeSpan limit = bound ?? DefaultBound;
        long started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
                throw new TimeoutException($"not within {limit.TotalSeconds:0.#} s: {claim}");
            await Task.Delay(Period);
        }
    }
}
