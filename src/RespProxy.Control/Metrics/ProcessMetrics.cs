using System.Diagnostics;

namespace RespProxy.Control.Metrics;

/// <summary>The process and its runtime, under the names that every Prometheus client library gives them.</summary>
internal static class ProcessMetrics
{
    private const string Descriptors = "/proc/self/fd";

    private static readonly double StartTime = ReadStartTime();

    /// <summary>When the process started.</summary>
    public static DateTimeOffset StartedAt => DateTimeOffset.FromUnixTimeMilliseconds((long)(StartTime * 1000));

    public static IEnumerable<MetricFamily> Collect()
    {
        yield return MetricFamily.Counter("process_cpu_seconds_total", "User and system CPU time.").Add(Environment.CpuUsage.TotalTime.TotalSeconds);
        yield return MetricFamily.Gauge("process_resident_memory_bytes", "Resident memory.").Add(Environment.WorkingSet);
        yield return MetricFamily.Gauge("process_start_time_seconds", "When the process started, in seconds since 1970.").Add(StartTime);
        yield return OpenDescriptors();
        yield return MetricFamily.Gauge("dotnet_gc_heap_bytes", "Managed heap, garbage included.").Add(GC.GetTotalMemory(forceFullCollection: false));
        yield return MetricFamily.Gauge("dotnet_gc_committed_bytes", "Memory that the managed heap has from the system, as of the last collection.").Add(GC.GetGCMemoryInfo().TotalCommittedBytes);
        yield return MetricFamily.Counter("dotnet_gc_allocated_bytes_total", "Managed bytes allocated.").Add(GC.GetTotalAllocatedBytes());
        yield return MetricFamily.Counter("dotnet_gc_pause_seconds_total", "Time that collections have stopped all threads.").Add(GC.GetTotalPauseDuration().TotalSeconds);
        yield return Collections();
        yield return MetricFamily.Gauge("dotnet_thread_pool_threads", "Threads of the pool; event loops are not among them.").Add(ThreadPool.ThreadCount);
        yield return MetricFamily.Gauge("dotnet_thread_pool_queue_length", "Work that waits for a thread of the pool.").Add(ThreadPool.PendingWorkItemCount);
    }

    private static MetricFamily Collections()
    {
        MetricFamily collections = MetricFamily.Counter("dotnet_gc_collections_total", "Garbage collections by the oldest generation collected.");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            // The runtime counts a collection in every younger generation too.
            int older = generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0;
            collections.Add(Math.Max(0, GC.CollectionCount(generation) - older), new MetricLabel("generation", PrometheusText.Number(generation)));
        }

        return collections;
    }

    /// <summary>Without samples where the system does not tell.</summary>
    private static MetricFamily OpenDescriptors()
    {
        MetricFamily family = MetricFamily.Gauge("process_open_fds", "File descriptors open: connections, mostly.");
        return Directory.Exists(Descriptors) ? family.Add(Directory.EnumerateFileSystemEntries(Descriptors).Count()) : family;
    }

    private static double ReadStartTime()
    {
        using Process current = Process.GetCurrentProcess();
        return new DateTimeOffset(current.StartTime).ToUnixTimeMilliseconds() / 1000.0;
    }
}
