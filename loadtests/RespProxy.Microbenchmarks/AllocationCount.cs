using System.Globalization;
using RespProxy.Microbenchmarks.Memory;

namespace RespProxy.Microbenchmarks;

/// <summary>Bytes allocated per command along the whole path, with the remainder that a benchmark table rounds away.</summary>
internal static class AllocationCount
{
    private const int Commands = 100_000;

    private static readonly (string Name, int Depth, Func<RequestPath> Make)[] Rows =
    [
        ("GET hit", 1, Scenarios.GetHit),
        ("SET 64 B", 1, Scenarios.Set),
        ("INCR", 1, Scenarios.Incr),
        ("MGET of 10, one slot", 1, Scenarios.MgetOfOneSlot),
        ("MGET of 10, split over 3 nodes", 1, Scenarios.MgetSplit),
        ("error reply of the node", 1, Scenarios.ErrorReply),
        ("error reply that quotes the key", 1, Scenarios.ErrorThatQuotesTheKey),
        ("GET, pipeline of 16", Scenarios.PipelineDepth, Scenarios.PipelinedGets),
        ("SET, pipeline of 16", Scenarios.PipelineDepth, Scenarios.PipelinedSets),
        ("GET over 3 nodes, out of order, pipeline of 16", Scenarios.PipelineDepth, Scenarios.OutOfOrderGets),
        ("the same, pipeline of 3,000", Scenarios.DeepPipelineDepth, Scenarios.DeepOutOfOrderGets),
        ("refused by the proxy (arity)", 1, Scenarios.WrongArity),
    ];

    /// <summary>Writes a Markdown table.</summary>
    public static void Write(TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| bytes allocated by the process over {Commands:N0} commands | in all | per command |"));
        output.WriteLine("|---|---|---|");
        foreach ((string name, int depth, Func<RequestPath> make) in Rows)
        {
            using RequestPath path = make();
            long bytes = Count(path, Commands / depth);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {bytes:N0} | {(double)bytes / Commands:0.0000} |"));
        }
    }

    private static long Count(RequestPath path, int runs)
    {
        // The first runs fill the pools, the second of them are compiled again by the JIT with what it has learned.
        Run(path, runs);
        Run(path, runs);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Run(path, runs);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private static void Run(RequestPath path, int runs)
    {
        for (int i = 0; i < runs; i++) path.Run();
    }
}
