using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RespProxy.Hosting;

/// <summary>
/// Gives back what starting needed and running does not, off the loops: once the start is over, when all timers have been through for the first time, and when probes and scrapers have been
/// there. What it costs and brings: docs/performance.md. Where the system does not let it, nothing changes.
/// </summary>
internal sealed class StartTrim(TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan[] Waits = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(60)];

    /// <summary>Between the two looks at each mapping: longer than loading one takes.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Committed for managed objects from which on collecting all of it is worth the pause: loading thousands of rules or tenants leaves a hundred MiB of garbage, a usual
    /// configuration nothing like it.
    /// </summary>
    private const long WorthAPause = 24L * 1024 * 1024;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (TimeSpan wait in Waits)
            {
                await Task.Delay(wait, time, stoppingToken).ConfigureAwait(false);
                HashSet<(ulong Start, ulong End)> mappings = MappedPages.Find();
                await Task.Delay(Between, time, stoppingToken).ConfigureAwait(false);
                mappings.IntersectWith(MappedPages.Find());
                CollectGarbageOfLoading();
                MappedPages.ReleaseFreed();
                Log.Trimmed(logger, MappedPages.Release(mappings), mappings.Count);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotTrimmed(logger, exception.Message);
        }
    }

    /// <summary>Gives back what the loading of a large configuration has left behind. The loops stand still for as long as what lives takes to be moved together, some milliseconds.</summary>
    private static void CollectGarbageOfLoading()
    {
        if (GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes < WorthAPause) return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
