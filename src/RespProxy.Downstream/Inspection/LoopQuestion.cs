using RespProxy.Transport;

namespace RespProxy.Downstream.Inspection;

/// <summary>Asks an event loop something that only its thread may look at, from outside. The loop is not held up by more than the question itself.</summary>
internal static class LoopQuestion
{
    /// <summary>A loop's turn takes far less than a millisecond; one that does not come round in this time is stuck.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Sessions that one question may be about: some tens of microseconds of a loop's time.</summary>
    public const int Portion = 64;

    /// <exception cref="TimeoutException">The loop has not answered in time, or has ended.</exception>
    public static async Task<T> AskAsync<T>(EventLoop loop, Func<T> question, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isPosted = loop.Post(() =>
        {
            try
            {
                answer.TrySetResult(question());
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                answer.TrySetException(exception);
            }
        });
        if (!isPosted) throw new TimeoutException("the proxy is stopping");
        try
        {
            return await answer.Task.WaitAsync(Patience, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"an event loop has not answered for {Patience.TotalSeconds:0} seconds");
        }
    }
}
