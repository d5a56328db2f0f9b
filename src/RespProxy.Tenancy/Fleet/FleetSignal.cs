namespace RespProxy.Tenancy.Fleet;

/// <summary>Wakes whoever leases tokens, from a loop's thread: without a lock held, a wait or an allocation. One waiter; any number of threads set it.</summary>
public sealed class FleetSignal : IDisposable
{
    private readonly SemaphoreSlim _wakes = new(0);
    private int _isSet;

    /// <summary>The waiter goes on, now or when it waits next.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0) _wakes.Release();
    }

    /// <summary>Until the signal is set, or the time is over. May return early.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken cancellation)
    {
        await _wakes.WaitAsync(most, cancellation).ConfigureAwait(false);
        Volatile.Write(ref _isSet, 0);
    }

    public void Dispose() => _wakes.Dispose();
}
