using System.Text;
using System.Text.Json;
using RespProxy.LoadTests.Limits;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Report.Charts;
using RespProxy.LoadTests.Running;
using RespProxy.LoadTests.Scale;
using RespProxy.LoadTests.Scrapes;
using RespProxy.LoadTests.Syscalls;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests;

/// <summary>
/// From options to tables: finds the programs, starts the upstream, runs, reports. Progress goes to standard
/// error, the tables to standard output.
/// </summary>
internal sealed class LoadTestRun(LoadTestOptions options)
{
    private const int Done = 0;
    private const int SomeFailed = 1;
    private const int NothingMeasured = 2;
    private const int Interrupted = 130; // what a shell reports for SIGINT

    private const int ClusterPrimaries = 3;

    private const string DirectToCluster =
        "direct: redis-benchmark --cluster. Each connection asks one node for keys of one of its slots, whole pipelines of them: the best that a client without "
        + "a proxy can have. What it can't ask for like that (keys of several nodes, our own generator's rows) is left out.";

    private static readonly JsonSerializerOptions JsonFormat = new() { WriteIndented = true };

    private readonly TextWriter _log = Console.Error;
    private readonly List<string> _notes = [];

    /// <returns>0 done, 1 some cells failed, 2 nothing could be measured, 130 interrupted.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        try
        {
            return await MeasureAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await _log.WriteLineAsync("interrupted");
            return Interrupted;
        }
        catch (Exception error) when (error is LoadFailedException or ArgumentException or FormatException)
        {
            await _log.WriteLineAsync(error.Message);
            return NothingMeasured;
        }
    }

    private async Task<int> MeasureAsync(CancellationToken cancellation)
    {
        IReadOnlyList<Workload> workloads = options.Limits || options.Scale ? [] : WorkloadCatalog.Select(options.Workloads);
        string server = Required("redis-server");
        LoadTools tools = new(Required("redis-benchmark"), options.CellSeconds);
        ProxyFinder proxies = new(options);
        _notes.AddRange(proxies.Missing);
        string machine = MachineDescription.Compose(
            [MachineDescription.VersionOf("Redis", server, "--version"),
             .. proxies.Recipes.DistinctBy(proxy => proxy.Binary)
                .Select(proxy => MachineDescription.VersionOf(proxy.Name, proxy.Binary, proxy.VersionArgument))]);
        using WorkDirectory directory = new();
        using RedisUpstream upstream = options.Cluster
            ? RedisUpstream.StartCluster(server, ClusterPrimaries, directory)
            : RedisUpstream.StartStandalone(server, directory);
        if (options.Footprint)
        {
            FootprintRun footprint = new(upstream, directory, Image(), _log);
            return await FootprintAsync(footprint, proxies.Recipes, machine, cancellation);
        }
        if (options.Limits)
            return await LimitsAsync(new LimitRun(ProxyBinary(), upstream, directory, _log), machine, cancellation);
        if (options.Scrape)
            return await ScrapeAsync(new ScrapeRun(ProxyBinary(), upstream, directory, _log), machine, cancellation);
        if (options.Scale)
            return await ScaleAsync(new ScaleCatalog(ProxyBinary(), server, upstream, directory, cancellation), machine, cancellation);
        if (options.Governance)
            return await GovernanceAsync(upstream, directory, tools, machine, cancellation);
        if (options.NearCache)
            return await NearCacheAsync(upstream, directory, tools, machine, cancellation);
        using TargetSet targets = new(upstream, proxies.Recipes, options.Targets, directory);
        return await CompareAsync(new ComparisonRun(targets, workloads, tools, _log), directory, machine, cancellation);
    }

    private async Task<int> CompareAsync(ComparisonRun run, WorkDirectory directory, string machine, CancellationToken cancellation)
    {
        _notes.AddRange(run.Set.LeftOut);
        if (run.Set.Targets.Count == 0)
            return await NothingAsync();
        if (run.Set.Upstream.IsCluster && run.Set.Targets.Any(target => target.Name == Target.Direct))
            _notes.Add(DirectToCluster);
        await _log.WriteLineAsync(RunPlan.Of(run.Workloads.Count, run.Set.Targets.Count, run.Set.Targets.Count(target => target.Proxy is not null), options).Text);
        SampleSet samples = await run.RunAsync(options.Repetitions, cancellation);
        SyscallRun? counting = options.Syscalls ? await CountingAsync(run, directory, cancellation) : null;
        IReadOnlyList<SyscallSample> syscalls = counting is null ? [] : await counting.RunAsync(run.Prepared, cancellation);
        FailedCell[] failures = [.. run.Failures, .. counting?.Failures ?? []];
        _notes.AddRange(GeneratorLag(samples, run.Workloads));
        _notes.AddRange(failures
            .GroupBy(cell => (cell.Target, Reason: cell.Reason.Split('\n')[0]), cell => cell.Workload)
            .Select(cells => $"{cells.Key.Target}: {cells.Key.Reason} ({string.Join(", ", cells.Distinct())})"));
        string[] columns = [.. run.Set.Targets.Select(target => target.Name)];
        string section = options.Cluster ? "side-by-side-cluster" : "side-by-side";
        string tables = new ComparisonReport(samples, syscalls, run.Workloads, columns).ToMarkdown();
        string method = $"{options.Repetitions} interleaved repetitions of about {options.CellSeconds:0.##} s per cell; "
            + "median (smallest–largest); ratios are taken within each repetition.";
        Publish(section, $"{machine} {method}", tables, new { machine, method, samples = samples.All, syscalls, notes = _notes, failures },
            [.. new ComparisonCharts(samples, run.Workloads, columns).All(section, options.Cluster ? ", before a cluster" : "")]);
        return failures.Length == 0 ? Done : SomeFailed;
    }

    /// <summary>The pass that counts system calls; null, and a note why, where nothing may trace the proxies.</summary>
    private async Task<SyscallRun?> CountingAsync(ComparisonRun run, WorkDirectory directory, CancellationToken cancellation)
    {
        if (run.Prepared.Select(target => target.Proxy).FirstOrDefault(proxy => proxy is { HasExited: false }) is not { } proxy)
            return null;
        List<string> reasons = [];
        SyscallTracer? tracer = await SyscallTracer.FindAsync(proxy.Pid, directory, reasons, cancellation);
        string why = reasons.Count > 0 ? $" ({string.Join("; ", reasons)})" : "";
        _notes.Add(tracer is null ? $"System calls are not counted{why}." : $"System calls are counted by {tracer.Method}{why}.");
        return tracer is null ? null : new SyscallRun(tracer, run.Workloads, run.Tools, _log);
    }

    private async Task<int> FootprintAsync(
        FootprintRun run, IReadOnlyList<ProxyRecipe> proxies, string machine, CancellationToken cancellation)
    {
        ProxyRecipe[] wanted = [.. proxies.Where(proxy => options.Targets.Count == 0 || options.Targets.Contains(proxy.Name))];
        IReadOnlyList<FootprintSample> samples =
            await Task.Run(() => run.Run(wanted, options.Repetitions, cancellation), cancellation);
        if (samples.Count == 0)
            return await NothingAsync();
        Publish("footprint", $"{machine} Medians of {options.Repetitions} starts.",
            FootprintReport.ToMarkdown(samples, FootprintRun.ConnectionSteps), new { machine, samples });
        return samples.Count == wanted.Length * options.Repetitions ? Done : SomeFailed;
    }

    private async Task<int> GovernanceAsync(
        RedisUpstream upstream, WorkDirectory directory, LoadTools tools, string machine, CancellationToken cancellation)
    {
        IReadOnlyList<Workload> workloads = WorkloadCatalog.Select(["get-c50", "set-c50", "get-c50-p16", "set-c50-p16"]);
        using TargetSet set = new(upstream, GovernedRecipes.Of(ProxyBinary()), [GovernedRecipes.Off, GovernedRecipes.On], directory);
        _notes.AddRange(set.LeftOut);
        ComparisonRun run = new(set, workloads, tools, _log);
        SampleSet samples = await run.RunAsync(options.Repetitions, cancellation);
        GovernanceReport report = new(samples, workloads);
        string method = $"{options.Repetitions} interleaved repetitions of about {options.CellSeconds:0.##} s per cell; "
            + "median (smallest–largest) of ratios taken within each repetition.";
        Publish("governance", $"{machine} {method}", report.ToMarkdown(), new { machine, method, samples = samples.All, failures = run.Failures });
        return report.IsWithin ? Done : SomeFailed;
    }

    private async Task<int> NearCacheAsync(
        RedisUpstream upstream, WorkDirectory directory, LoadTools tools, string machine, CancellationToken cancellation)
    {
        IReadOnlyList<Workload> workloads = WorkloadCatalog.OfHotKeys;
        using TargetSet set = new(upstream, NearCacheRecipes.Of(ProxyBinary()), [Target.Direct, NearCacheRecipes.With, NearCacheRecipes.ByUnixSocket, NearCacheRecipes.Without], directory);
        _notes.AddRange(set.LeftOut);
        ComparisonRun run = new(set, workloads, tools, _log);
        SampleSet samples = await run.RunAsync(options.Repetitions, cancellation);
        _notes.AddRange(GeneratorLag(samples, workloads));
        string method = $"{options.Repetitions} interleaved repetitions of about {options.CellSeconds:0.##} s per cell; "
            + "median (smallest–largest); ratios are taken within each repetition.";
        Publish("near-cache", $"{machine} {method}", new NearCacheReport(samples, workloads).ToMarkdown(), new { machine, method, samples = samples.All, failures = run.Failures });
        return run.Failures.Count == 0 ? Done : SomeFailed;
    }

    private async Task<int> LimitsAsync(LimitRun run, string machine, CancellationToken cancellation)
    {
        IReadOnlyList<LimitResult> results = await Task.Run(() => run.Run(options.Loops, options.Workloads, options.CellSeconds, cancellation), cancellation);
        LimitResult[] faults = [.. results.Where(result => result.Fault is not null)];
        _notes.AddRange(faults.Select(result => $"{result.Cell.Loops} loop(s), {result.Cell.Tenant}: {result.Fault}"));
        Publish("limits", $"{machine} {options.CellSeconds:0.##} s per cell.", LimitReport.ToMarkdown(results), new { machine, results });
        return faults.Length == 0 ? Done : SomeFailed;
    }

    private async Task<int> ScrapeAsync(ScrapeRun run, string machine, CancellationToken cancellation)
    {
        IReadOnlyList<ScrapeSample> samples = await run.RunAsync(cancellation);
        Publish("scrape", $"{machine} Medians of 20 scrapes, smallest and largest in parentheses.", ScrapeReport.ToMarkdown(samples), new { machine, samples });
        return Done;
    }

    private ContainerImageSize? Image()
    {
        ContainerImageSize? size = ContainerImage.SizeOf(options.Image);
        if (size is null)
            _notes.Add("There is no container image here to tell the size of; eng/image makes it.");
        return size;
    }

    private async Task<int> ScaleAsync(ScaleCatalog catalog, string machine, CancellationToken cancellation)
    {
        IReadOnlyList<ScaleSeries> series = catalog.Select(options.Workloads);
        ScaleRun run = new(series, options.CellSeconds, _log);
        ScaleResults results = await Task.Run(() => run.Run(options.Repetitions, cancellation), cancellation);
        ScaleReport report = new(series, results);
        string method = $"{options.Repetitions} interleaved repetitions of about {options.CellSeconds:0.##} s per cell; "
            + "median (smallest–largest); ratios are taken within each repetition.";
        if (options.UpdateDocs is { } document)
            ScaleCharts.Write(new ChartFolder(document), series, results);
        Publish("scale", $"{machine} {method}", report.ToMarkdown(), new { machine, method, results.Starts, results.Samples, results.Failures });
        return report.IsWithin ? Done : SomeFailed;
    }

    /// <summary>How late the generator itself was: its share of the latencies, which a reader must be able to judge.</summary>
    private static IEnumerable<string> GeneratorLag(SampleSet samples, IReadOnlyList<Workload> workloads) =>
        from workload in workloads
        where workload.IsOpenLoop
        let lags = samples.All.Where(sample => sample.Workload == workload.Name).Select(sample => sample.Load.SendLagP99Ms)
        let lag = Spread.Of(lags.OfType<double>())
        where lag is not null
        select $"{workload.Title}: the generator sent {Format.WithSpread(lag, Format.Figure)} ms late (p99); "
            + "the latencies contain that.";

    private static string Required(string program) => Executables.Find(program)
        ?? throw new LoadFailedException($"{program} is needed; on Debian: apt-get install redis-server redis-tools");

    private string ProxyBinary() => Executables.Find(options.RespProxy)
        ?? throw new LoadFailedException($"there is no RespProxy at {options.RespProxy}; eng/publish makes it");

    private async Task<int> NothingAsync()
    {
        await _log.WriteLineAsync(string.Join('\n', ["nothing to measure", .. _notes]));
        return NothingMeasured;
    }

    private void Publish(string section, string caption, string tables, object raw, IReadOnlyList<NamedChart>? charts = null)
    {
        StringBuilder body = new(tables);
        foreach (string note in _notes)
            body.Append("- ").Append(note.Split('\n')[0]).Append('\n');
        Console.WriteLine($"{caption}\n\n{body}");
        if (options.Out is { } file)
            File.WriteAllText(file, JsonSerializer.Serialize(raw, JsonFormat));
        if (options.UpdateDocs is not { } document)
            return;
        ChartFolder folder = new(document);
        foreach (NamedChart chart in charts ?? [])
            folder.Write(chart.Name, SvgChart.Draw(chart.Chart));
        IEnumerable<string> images = (charts ?? []).Select(chart => ChartFolder.Reference(chart.Name, chart.Chart.Title) + "\n\n");
        File.WriteAllText(document, DocsSection.Replace(File.ReadAllText(document), section, $"{caption}\n\n{string.Concat(images)}{body}"));
    }
}
