using RespProxy.LoadTests.Running;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Tests;

public class RunPlanTests
{
    [Fact]
    public void The_full_comparison_with_three_repetitions_is_planned_within_25_minutes()
    {
        LoadTestOptions options = Defaults([]);

        RunPlan plan = RunPlan.Of(WorkloadCatalog.All.Count, columns: 6, proxies: 5, options);

        Assert.Equal(3, options.Repetitions);
        Assert.InRange(plan.Estimate, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(25));
    }

    [Fact]
    public void A_quick_look_is_planned_within_three_minutes() =>
        Assert.InRange(RunPlan.Of(WorkloadCatalog.All.Count, columns: 4, proxies: 3, Defaults(["--quick"])).Estimate, TimeSpan.Zero, TimeSpan.FromMinutes(3));

    [Fact]
    public void The_default_is_one_and_two_loops_the_unix_socket_and_system_calls()
    {
        LoadTestOptions full = Defaults([]), quick = Defaults(["--quick"]);

        Assert.Equal([1, 2], full.Loops);
        Assert.True(full.Unix && full.Syscalls);
        Assert.Equal([1], quick.Loops);
        Assert.False(quick.Unix || quick.Syscalls);
    }

    [Fact]
    public void What_is_given_goes_before_the_default()
    {
        LoadTestOptions given = Defaults(["--loops", "4,8", "--unix", "false", "--syscalls", "false"]);

        Assert.Equal([4, 8], given.Loops);
        Assert.False(given.Unix || given.Syscalls);
        Assert.True(Defaults(["--quick", "--unix"]).Unix);
    }

    [Fact]
    public void The_footprint_starts_RespProxy_with_one_loop() => Assert.Equal([1], Defaults(["--footprint"]).Loops);

    private static LoadTestOptions Defaults(string[] arguments)
    {
        LoadTestOptions? options = null;
        _ = CommandLine.RunAsync(arguments, (parsed, _) => Task.FromResult((options = parsed) is null ? 1 : 0)).GetAwaiter().GetResult();
        return options!;
    }
}
