using BenchmarkDotNet.Attributes;
using RespProxy.Microbenchmarks.Memory;

namespace RespProxy.Microbenchmarks.Benchmarks;

/// <summary>From client bytes to upstream bytes and back; per command. No system calls: the kernel's part is in the load tests.</summary>
[MemoryDiagnoser]
public class RequestPathBenchmarks : IDisposable
{
    private RequestPath? _path;

    [GlobalSetup(Target = nameof(GetHit))]
    public void SetUpGetHit() => _path = Scenarios.GetHit();

    [Benchmark]
    public void GetHit() => _path!.Run();

    [GlobalSetup(Target = nameof(Set))]
    public void SetUpSet() => _path = Scenarios.Set();

    [Benchmark]
    public void Set() => _path!.Run();

    [GlobalSetup(Target = nameof(Incr))]
    public void SetUpIncr() => _path = Scenarios.Incr();

    [Benchmark]
    public void Incr() => _path!.Run();

    [GlobalSetup(Target = nameof(MgetOfTenInOneSlot))]
    public void SetUpMgetOfTenInOneSlot() => _path = Scenarios.MgetOfOneSlot();

    [Benchmark]
    public void MgetOfTenInOneSlot() => _path!.Run();

    [GlobalSetup(Target = nameof(MgetOfTenOverThreeNodes))]
    public void SetUpMgetOfTenOverThreeNodes() => _path = Scenarios.MgetSplit();

    [Benchmark]
    public void MgetOfTenOverThreeNodes() => _path!.Run();

    [GlobalSetup(Target = nameof(ErrorReply))]
    public void SetUpErrorReply() => _path = Scenarios.ErrorReply();

    [Benchmark]
    public void ErrorReply() => _path!.Run();

    [GlobalSetup(Target = nameof(ErrorThatQuotesTheKey))]
    public void SetUpErrorThatQuotesTheKey() => _path = Scenarios.ErrorThatQuotesTheKey();

    [Benchmark]
    public void ErrorThatQuotesTheKey() => _path!.Run();

    [GlobalSetup(Target = nameof(PipelinedGets))]
    public void SetUpPipelinedGets() => _path = Scenarios.PipelinedGets();

    [Benchmark(OperationsPerInvoke = Scenarios.PipelineDepth)]
    public void PipelinedGets() => _path!.Run();

    [GlobalSetup(Target = nameof(PipelinedSets))]
    public void SetUpPipelinedSets() => _path = Scenarios.PipelinedSets();

    [Benchmark(OperationsPerInvoke = Scenarios.PipelineDepth)]
    public void PipelinedSets() => _path!.Run();

    [GlobalSetup(Target = nameof(OutOfOrderGets))]
    public void SetUpOutOfOrderGets() => _path = Scenarios.OutOfOrderGets();

    [Benchmark(OperationsPerInvoke = Scenarios.PipelineDepth)]
    public void OutOfOrderGets() => _path!.Run();

    [GlobalSetup(Target = nameof(DeepOutOfOrderGets))]
    public void SetUpDeepOutOfOrderGets() => _path = Scenarios.DeepOutOfOrderGets();

    [Benchmark(OperationsPerInvoke = Scenarios.DeepPipelineDepth)]
    public void DeepOutOfOrderGets() => _path!.Run();

    [GlobalSetup(Target = nameof(RefusedByTheProxy))]
    public void SetUpRefusedByTheProxy() => _path = Scenarios.WrongArity();

    /// <summary>Not of the hot path: texts of refusals are made when needed.</summary>
    [Benchmark]
    public void RefusedByTheProxy() => _path!.Run();

    [GlobalCleanup]
    public void Dispose()
    {
        _path?.Dispose();
        GC.SuppressFinalize(this);
    }
}
