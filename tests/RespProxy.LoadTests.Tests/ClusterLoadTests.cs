using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Tests;

public class ClusterLoadTests
{
    [Fact]
    public void Only_a_load_of_one_key_by_redis_benchmark_can_ask_a_cluster_directly()
    {
        string[] others = [.. WorkloadCatalog.All.Where(workload => !workload.CanAskClusterDirectly).Select(workload => workload.Name)];

        Assert.Equal(["mget10", "mixed", "rate10k", "rate10k-burst", "rate30k"], others);
    }

    [Fact]
    public void A_cluster_is_asked_by_one_thread_like_everything_else()
    {
        BenchmarkLoad load = new(["GET", "k"], Connections: 50, Pipeline: 1, Commands: 100, KeyCount: 10);

        Assert.Equal(
            ["-h", "127.0.0.1", "-p", "7001", "-c", "50", "-P", "1", "-n", "100", "-r", "10", "--cluster", "--threads", "1", "GET", "k"],
            RedisBenchmark.Arguments(new ServerEndpoint(7001, IsCluster: true), load));
    }

    [Fact]
    public void What_is_no_cluster_is_asked_without_threads_unless_several_are_wanted()
    {
        BenchmarkLoad load = new(["GET", "k"], Connections: 50, Pipeline: 16, Commands: 100, KeyCount: 10);
        string[] common = ["-s", "/tmp/a.sock", "-c", "50", "-P", "16", "-n", "100", "-r", "10"];

        Assert.Equal([.. common, "GET", "k"], RedisBenchmark.Arguments(new ServerEndpoint(0, "/tmp/a.sock"), load));
        Assert.Equal([.. common, "--threads", "2", "GET", "k"], RedisBenchmark.Arguments(new ServerEndpoint(0, "/tmp/a.sock"), load with { Threads = 2 }));
    }
}
