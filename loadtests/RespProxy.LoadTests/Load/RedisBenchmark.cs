using System.Diagnostics;
using System.Globalization;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Load;

/// <summary>
/// The closed-loop load: redis-benchmark. Latency under a closed loop is what each request took
/// once it was sent; how many were not sent because earlier ones were slow it cannot tell.
/// </summary>
internal static class RedisBenchmark
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<LoadResult> RunAsync(
        string binary, ServerEndpoint endpoint, BenchmarkLoad load, CancellationToken cancellation)
    {
        ProcessStartInfo start = new(binary) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in Arguments(endpoint, load))
            start.ArgumentList.Add(argument);
        using Process benchmark = Process.Start(start) ?? throw new LoadFailedException("redis-benchmark did not start");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            Task<string> output = benchmark.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> errors = benchmark.StandardError.ReadToEndAsync(limit.Token);
            await benchmark.WaitForExitAsync(limit.Token);
            if (benchmark.ExitCode != 0)
                throw new LoadFailedException($"redis-benchmark ended with {benchmark.ExitCode}: {FirstLine(await errors)}");
            return BenchmarkOutput.Parse(await output, load.Commands);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new LoadFailedException($"redis-benchmark was not done after {Limit.TotalSeconds:0} s");
        }
        finally
        {
            if (!benchmark.HasExited)
                benchmark.Kill();
        }
    }

    /// <summary>The command line, without the program.</summary>
    public static IReadOnlyList<string> Arguments(ServerEndpoint endpoint, BenchmarkLoad load)
    {
        string[] server = endpoint.UnixPath is { } path ? ["-s", path] : ["-h", "127.0.0.1", "-p", Text(endpoint.Port)];
        // For a cluster it would take a thread for each node; the other columns have one.
        string[] threads = endpoint.IsCluster ? ["--cluster", "--threads", "1"] : load.Threads > 1 ? ["--threads", Text(load.Threads)] : [];
        return
        [
            .. server, "-c", Text(load.Connections), "-P", Text(load.Pipeline), "-n", Text(load.Commands),
            "-r", Text(load.KeyCount), .. threads, .. load.Command,
        ];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string FirstLine(string text) => text.Split('\n').FirstOrDefault(line => line.Length > 0) ?? "no message";
}

/// <summary>One redis-benchmark run; <c>__rand_int__</c> in the command becomes a number below <see cref="KeyCount"/>.</summary>
internal sealed record BenchmarkLoad(IReadOnlyList<string> Command, int Connections, int Pipeline, long Commands, int KeyCount, int Threads = 1);
