namespace RespProxy.LoadTests.Workloads;

/// <summary>Every row there is, in the order of the tables.</summary>
internal static class WorkloadCatalog
{
    private static readonly KeySpace Small = new("k64", 10_000, 64);
    private static readonly KeySpace Hot = new("hot", 10, 64);
    private static readonly KeySpace Medium = new("k4096", 1_000, 4 * 1024);
    private static readonly KeySpace Large = new("k102400", 100, 100 * 1024);

    public static IReadOnlyList<Workload> All { get; } =
    [
        Get("get-c50", Small, connections: 50, pipeline: 1, rate: 65_000),
        Set("set-c50", Small, connections: 50, pipeline: 1, rate: 65_000),
        Get("get-c50-p16", Small, connections: 50, pipeline: 16, rate: 450_000),
        Set("set-c50-p16", Small, connections: 50, pipeline: 16, rate: 400_000),
        Get("get-c500", Small, connections: 500, pipeline: 1, rate: 60_000),
        Set("set-c500", Small, connections: 500, pipeline: 1, rate: 60_000),
        Get("get-c8-p64", Small, connections: 8, pipeline: 64, rate: 600_000),
        Set("set-c8-p64", Small, connections: 8, pipeline: 64, rate: 500_000),
        Get("get-4k", Medium, connections: 50, pipeline: 1, rate: 55_000),
        Set("set-4k", Medium, connections: 50, pipeline: 1, rate: 55_000),
        Get("get-100k", Large, connections: 8, pipeline: 1, rate: 8_000),
        Set("set-100k", Large, connections: 8, pipeline: 1, rate: 8_000),
        new BenchmarkWorkload("mget10", "MGET of 10, 64 B, 50 conns", Small, 50, 40_000, 1, ["MGET", .. Enumerable.Repeat(Small.RandomKey, 10)]),
        new MixedWorkload("mixed", "GET:SET 9:1, Zipf, 64 B, 50 conns", Small, 50, 50_000),
        // Evenly spaced is the dearest way to send 10,000 a second: nearly every request wakes everyone up.
        new OpenLoopWorkload("rate10k", "GET 64 B at 10,000/s evenly, 50 conns", Small, 50, 10_000, Burst: 1),
        new OpenLoopWorkload("rate10k-burst", "GET 64 B at 10,000/s in tens, 50 conns", Small, 50, 10_000, Burst: 10),
        new OpenLoopWorkload("rate30k", "GET 64 B at 30,000/s evenly, 50 conns", Small, 50, 30_000, Burst: 1),
        Get("get-idle5000", Small, connections: 50, pipeline: 1, rate: 60_000) with
        {
            Title = "GET 64 B, 50 conns, 5,000 more idle", IdleConnections = 5_000,
        },
    ];

    /// <summary>The rows of the near cache's comparison: few keys, read often enough to be hot.</summary>
    public static IReadOnlyList<Workload> OfHotKeys { get; } =
    [
        Get("hot-c50", Hot, connections: 50, pipeline: 1, rate: 70_000),
        Get("hot-c50-t2", Hot, connections: 50, pipeline: 1, rate: 70_000) with { Threads = 2, Title = "GET 64 B, 50 conns, 2 threads of load" },
        Get("hot-c50-p16", Hot, connections: 50, pipeline: 16, rate: 1_000_000),
        new OpenLoopWorkload("hot-rate10k", "GET 64 B at 10,000/s evenly, 50 conns", Hot, 50, 10_000, Burst: 1),
        new OpenLoopWorkload("hot-rate30k", "GET 64 B at 30,000/s evenly, 50 conns", Hot, 50, 30_000, Burst: 1),
    ];

    /// <summary>The named rows, or all when no name is given.</summary>
    /// <exception cref="ArgumentException">A name is unknown.</exception>
    public static IReadOnlyList<Workload> Select(IReadOnlyCollection<string> names)
    {
        if (names.FirstOrDefault(name => All.All(workload => workload.Name != name)) is { } unknown)
            throw new ArgumentException($"no workload '{unknown}'; there are: {string.Join(", ", All.Select(w => w.Name))}");
        return [.. All.Where(workload => names.Count == 0 || names.Contains(workload.Name))];
    }

    private static BenchmarkWorkload Get(string name, KeySpace keys, int connections, int pipeline, int rate) =>
        new(name, Title("GET", keys, connections, pipeline), keys, connections, rate, pipeline, ["GET", keys.RandomKey]);

    private static BenchmarkWorkload Set(string name, KeySpace keys, int connections, int pipeline, int rate) =>
        new(name, Title("SET", keys, connections, pipeline), keys, connections, rate, pipeline, ["SET", keys.RandomKey, keys.Value]);

    private static string Title(string command, KeySpace keys, int connections, int pipeline)
    {
        string size = keys.ValueBytes < 1024 ? $"{keys.ValueBytes} B" : $"{keys.ValueBytes / 1024} KiB";
        return $"{command} {size}, {connections} conns{(pipeline > 1 ? $", P={pipeline}" : "")}";
    }
}
