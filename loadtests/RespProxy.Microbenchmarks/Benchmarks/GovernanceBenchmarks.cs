using BenchmarkDotNet.Attributes;
using RespProxy.Microbenchmarks.Memory;

namespace RespProxy.Microbenchmarks.Benchmarks;

/// <summary>What governance costs a command of a pipeline, part by part. No system calls.</summary>
[MemoryDiagnoser]
public class GovernanceBenchmarks : IDisposable
{
    private RequestPath? _path;

    [Params("off", "watch", "rate", "quota", "denials", "key rates", "all")]
    public string On { get; set; } = "";

    [GlobalSetup]
    public void SetUp() => _path = Scenarios.PipelinedGetsUnder(On switch
    {
        "watch" => Governance.Off with { Watch = true },
        "rate" => Governance.Off with { Rate = true },
        "quota" => Governance.Off with { Quota = true },
        "denials" => Governance.Off with { Denials = 500 },
        "key rates" => Governance.Off with { KeyRates = 500 },
        "all" => Governance.All,
        _ => Governance.Off,
    });

    [Benchmark(OperationsPerInvoke = Scenarios.PipelineDepth)]
    public void PipelinedGets() => _path!.Run();

    [GlobalCleanup]
    public void Dispose()
    {
        _path?.Dispose();
        GC.SuppressFinalize(this);
    }
}
