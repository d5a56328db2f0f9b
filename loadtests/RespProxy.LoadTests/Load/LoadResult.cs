namespace RespProxy.LoadTests.Load;

/// <summary>
/// What one run of a load saw. Latencies are in milliseconds. <see cref="SendLagP99Ms"/> is how late the open-loop
/// generator itself was: when it is not small against the latencies, the generator is part of what was measured.
/// Closed loops have none.
/// </summary>
internal sealed record LoadResult(
    long Commands, double OpsPerSecond, double P50Ms, double P99Ms, double P999Ms, double? SendLagP99Ms = null);

/// <summary>A load that could not be completed: an error reply, a closed connection, a generator that failed.</summary>
internal sealed class LoadFailedException(string message) : Exception(message);
