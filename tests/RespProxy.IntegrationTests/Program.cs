using RespProxy.LocalCluster;
using Xunit.Runner.InProc.SystemConsole;

namespace RespProxy.IntegrationTests;

/// <summary>Runs the tests; or, as <c>hold-redis</c>, starts a server, prints its pid and waits to be killed.</summary>
internal static class Program
{
    public const string HoldRedis = "hold-redis";

    public static async Task<int> Main(string[] args)
    {
        if (args is not [HoldRedis])
            return await ConsoleRunner.Run(args);

        await using LocalRedis server = await LocalRedis.StartAsync(new LocalRedisOptions());
        Console.WriteLine(server.Pid);
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
