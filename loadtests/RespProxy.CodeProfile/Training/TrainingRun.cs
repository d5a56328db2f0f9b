using System.Diagnostics;
using System.Net.Sockets;
using RespProxy.LocalCluster;

namespace RespProxy.CodeProfile.Training;

/// <summary>Does for half a minute what is done with a proxy: it serves clients before a cluster and a single server, is scraped and operated, by HTTP and HTTPS.</summary>
/// <param name="binary">A published proxy.</param>
/// <param name="directory">For the traces and all else; taken away by the caller.</param>
internal sealed class TrainingRun(string binary, string directory)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>What happens by itself some seconds after the start is part of it: timers, the first look for a changed file.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(8);

    private readonly List<string> _traces = [];

    private string Certificate => In("admin.crt");

    /// <summary>Answers the traces, the most important one first.</summary>
    /// <exception cref="SocketException">The proxy does not start.</exception>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 }).ConfigureAwait(false);
        await using LocalRedis single = await LocalRedis.StartAsync(new LocalRedisOptions()).ConfigureAwait(false);
        var configuration = new TrainingConfiguration(cluster.Nodes[0].Port, single.Port);
        await ServeAsync(configuration).ConfigureAwait(false);
        await ServeSecurelyAsync(configuration).ConfigureAwait(false);
        return _traces;
    }

    private async Task ServeAsync(TrainingConfiguration configuration)
    {
        string file = In("respproxy.yaml");
        await File.WriteAllTextAsync(file, configuration.Text).ConfigureAwait(false);
        var admin = new AdminTraffic(configuration.AdminPort);
        using TracedProcess proxy = Start("run", file);
        await TryUntilAsync(() => CommandTraffic.SendAsync(configuration.ClusterPort, ["GET key"])).ConfigureAwait(false);
        await TryUntilAsync(() => admin.SendAsync(HttpMethod.Get, "/readyz")).ConfigureAwait(false);
        await admin.SendAsync(HttpMethod.Get, "/metrics").ConfigureAwait(false);
        await Task.Delay(Settling).ConfigureAwait(false);
        await CommandTraffic.SendAsync(configuration.ClusterPort, CommandTraffic.Commands).ConfigureAwait(false);
        await CommandTraffic.SendAsync(configuration.SinglePort, ["AUTH single secret", .. CommandTraffic.Commands]).ConfigureAwait(false);
        await admin.SendAllAsync().ConfigureAwait(false);
        await RunToEndAsync("check-config", file).ConfigureAwait(false);
        await RunToEndAsync("healthcheck", "--url", $"{configuration.AdminUrl("http")}/readyz").ConfigureAwait(false);
        await File.AppendAllTextAsync(file, "\n# changed\n").ConfigureAwait(false);
        await Task.Delay(Settling).ConfigureAwait(false);
        await proxy.EndAsync().ConfigureAwait(false);
    }

    private async Task ServeSecurelyAsync(TrainingConfiguration configuration)
    {
        string file = In("secure.yaml");
        await TrainingCertificate.WriteAsync(Certificate, In("admin.key")).ConfigureAwait(false);
        await File.WriteAllTextAsync(file, configuration.SecureText(Certificate, In("admin.key"))).ConfigureAwait(false);
        using TracedProcess proxy = Start("run", file);
        await TryUntilAsync(() => CommandTraffic.SendAsync(configuration.ClusterPort, ["GET key"])).ConfigureAwait(false);
        foreach (string[] view in (string[][])[["status"], ["tenants"], ["tenant", "shop"], ["hotkeys", "shop"], ["connections"], ["clusters"], ["rules", "show"]])
            await RunToEndAsync(["ctl", .. view, "--url", configuration.AdminUrl("https"), "--ca", Certificate]).ConfigureAwait(false);
        await proxy.EndAsync().ConfigureAwait(false);
    }

    private async Task RunToEndAsync(params string[] arguments)
    {
        using TracedProcess process = Start(arguments);
        await process.WaitAsync().ConfigureAwait(false);
    }

    private TracedProcess Start(params string[] arguments)
    {
        string trace = In($"{_traces.Count}.nettrace");
        _traces.Add(trace);
        return new TracedProcess(binary, trace, arguments);
    }

    private string In(string name) => Path.Combine(directory, name);

    private static async Task TryUntilAsync(Func<Task> attempt)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await attempt().ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or SocketException && since.Elapsed < StartLimit)
            {
                await Task.Delay(50).ConfigureAwait(false);
            }
        }
    }
}
