using System.Text;
using System.Text.Json;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Running;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests;

/// <summary>
/// From options to tables: finds the programs, starts the upstream, runs, reports. Progress goes to standard
/// error, the tables to standard output. Exit codes: 0 done, 1 cells failed, 2 nothing could be measured.
/// </summary>
internal sealed class LoadTestRun(LoadTestOptions options)
{
    private const int ClusterPrimaries = 3;

    private static readonly JsonSerializerOptions JsonFormat = new() { WriteIndented = true };

    private readonly TextWriter _log = Console.Error;
    private readonly List<string> _notes = [];

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        if (Executables.Find("redis-server") is not { } server || Executables.Find("redis-benchmark") is not { } benchmark)
        {
            await _log.WriteLineAsync("redis-server and redis-benchmark are needed; on Debian: apt-get install redis-server redis-tools");
            return 2;
        }
        List<ProxyRecipe> recipes = [.. FindProxies()];
        List<string> versions =
            [MachineDescription.VersionOf("Redis", server, "--version"),
             .. recipes.DistinctBy(r => r.Binary).Select(r => MachineDescription.VersionOf(r.Name, r.Binary, r.VersionArgument))];
        using WorkDirectory directory = new();
        using RedisUpstream upstream = options.Cluster
            ? RedisUpstream.StartCluster(server, ClusterPrimaries, directory)
            : RedisUpstream.StartStandalone(server, directory);
        string machine = MachineDescription.Compose(versions);
        return options.Footprint
            ? await FootprintAsync(recipes, upstream, directory, machine, cancellation)
            : await CompareAsync(recipes, upstream, directory, benchmark, machine, cancellation);
    }

    private async Task<int> CompareAsync(
        List<ProxyRecipe> recipes, RedisUpstream upstream, WorkDirectory directory, string benchmark, string machine,
        CancellationToken cancellation)
    {
        IReadOnlyList<Workload> workloads = WorkloadCatalog.Select(options.Workloads);
        using TargetSet set = new(upstream, recipes, options.Targets, directory);
        _notes.AddRange(set.LeftOut);
        if (set.Targets.Count == 0)
        {
            await _log.WriteLineAsync(string.Join('\n', ["nothing to measure", .. _notes]));
            return 2;
        }
        ComparisonRun run = new(set, workloads, new LoadTools(benchmark, options.CellSeconds), _log);
        SampleSet samples = await run.RunAsync(options.Repetitions, cancellation);
        _notes.AddRange(GeneratorLag(samples, workloads));
        _notes.AddRange(run.Failures.Select(cell => $"{cell.Target}, {cell.Workload}: {cell.Reason}"));
        string tables = new ComparisonReport(samples, workloads, [.. set.Targets.Select(target => target.Name)]).ToMarkdown();
        string method = $"{options.Repetitions} interleaved repetitions of about {options.CellSeconds:0.##} s per cell; "
            + "median (smallest–largest); ratios are taken within each repetition.";
        Publish(options.Cluster ? "side-by-side-cluster" : "side-by-side", $"{machine} {method}", tables,
            new { machine, method, samples = samples.All, failures = run.Failures });
        return run.Failures.Count == 0 ? 0 : 1;
    }

    private async Task<int> FootprintAsync(
        List<ProxyRecipe> recipes, RedisUpstream upstream, WorkDirectory directory, string machine, CancellationToken cancellation)
    {
        IReadOnlyList<ProxyRecipe> wanted =
            [.. recipes.Where(recipe => options.Targets.Count == 0 || options.Targets.Contains(recipe.Name))];
        FootprintRun run = new(upstream, directory, _log);
        IReadOnlyList<FootprintSample> samples =
            await Task.Run(() => run.Run(wanted, options.Repetitions, cancellation), cancellation);
        if (samples.Count == 0)
        {
            await _log.WriteLineAsync(string.Join('\n', ["nothing to measure", .. _notes]));
            return 2;
        }
        Publish("footprint", $"{machine} Medians of {options.Repetitions} starts.",
            FootprintReport.ToMarkdown(samples, FootprintRun.ConnectionSteps), new { machine, samples });
        return samples.Count == wanted.Count * options.Repetitions ? 0 : 1;
    }

    /// <summary>How late the generator itself was: its share of the latencies, which a reader must be able to judge.</summary>
    private static IEnumerable<string> GeneratorLag(SampleSet samples, IReadOnlyList<Workload> workloads) =>
        from workload in workloads
        where workload.IsOpenLoop
        let lags = samples.All.Where(sample => sample.Workload == workload.Name).Select(sample => sample.Load.SendLagP99Ms)
        let lag = Spread.Of(lags.OfType<double>())
        where lag is not null
        select $"{workload.Title}: the generator sent up to {Format.WithSpread(lag, Format.Figure)} ms late (p99), "
            + "which is in the latencies";

    private IEnumerable<ProxyRecipe> FindProxies()
    {
        if (!options.Cluster && FindOrNote("haproxy", "haproxy") is { } haproxy)
            yield return Recipes.Haproxy(haproxy);
        if (!options.Cluster && FindOrNote("nutcracker", "nutcracker") is { } nutcracker)
            yield return Recipes.Nutcracker(nutcracker);
        if (options.Predixy is { } path && FindOrNote("predixy", path) is { } predixy)
            yield return Recipes.Predixy(predixy);
        if (FindOrNote("respproxy", options.RespProxy) is not { } respProxy)
            yield break;
        foreach (int loops in options.Loops.Distinct())
            yield return Recipes.RespProxy(respProxy, loops, options.Unix);
    }

    private string? FindOrNote(string name, string nameOrPath)
    {
        string? found = Executables.Find(nameOrPath);
        if (found is null)
            _notes.Add($"{name} is left out: there is no such program here");
        return found;
    }

    private void Publish(string section, string caption, string tables, object raw)
    {
        StringBuilder text = new StringBuilder(caption).Append("\n\n").Append(tables);
        foreach (string note in _notes)
            text.Append("\n- ").Append(note.Split('\n')[0]);
        Console.WriteLine(text);
        if (options.Out is { } file)
            File.WriteAllText(file, JsonSerializer.Serialize(raw, JsonFormat));
        if (options.UpdateDocs is { } document)
            File.WriteAllText(document, DocsSection.Replace(File.ReadAllText(document), section, text.ToString()));
    }
}
