using BenchmarkDotNet.Running;
using RespProxy.Microbenchmarks;

if (args is ["--count"])
{
    AllocationCount.Write(Console.Out);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
