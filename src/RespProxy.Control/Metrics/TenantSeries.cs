using System.Collections.Immutable;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Metrics;

/// <summary>The series of one tenant: its labels, made once, and the numbers of the last scrape.</summary>
internal sealed class TenantSeries(string name)
{
    private const string OtherName = "other";

    private readonly Dictionary<int, CommandSeries> _byCommand = [];

    public ImmutableArray<MetricLabel> Labels { get; } = [new MetricLabel("tenant", name)];

    /// <summary>Commands with series of their own, in the order they got them.</summary>
    public ImmutableArray<CommandSeries> Commands { get; private set; } = [];

    /// <summary>The numbers of all commands without series of their own; null while there are none.</summary>
    public CommandSeries? Other { get; private set; }

    /// <summary>The latencies of all commands without histograms of their own; null where none has some, and those of the tenant say all.</summary>
    public CommandSeries? OtherLatencies { get; private set; }

    public long Pushes { get; private set; }

    public long PushedBytes { get; private set; }

    public HistogramValue Added { get; } = new(UsageBuckets.Fine.Bounds);

    public HistogramValue Upstream { get; } = new(UsageBuckets.Fine.Bounds);

    public bool IsShown(int command) => _byCommand.ContainsKey(command);

    public void Show(int command, bool hasHistograms)
    {
        var series = new CommandSeries(name, UsageScan.NameOf(command), hasHistograms);
        _byCommand.Add(command, series);
        Commands = Commands.Add(series);
    }

    /// <summary>Takes the numbers as they are now. The scan has entered this tenant; the sums are room to work in.</summary>
    public void Read(UsageScan scan, LatencySums added, LatencySums upstream)
    {
        (Pushes, PushedBytes) = scan.ReadPushes();
        ReadAll(scan, added, upstream);
        if (!Commands.Any(command => command.HasHistograms)) return;
        foreach ((int command, CommandSeries series) in _byCommand)
        {
            if (!series.HasHistograms) continue;
            added.Clear();
            upstream.Clear();
            scan.AddLatencies(command, added, upstream);
            series.Take(added, upstream);
        }

        ReadOtherLatencies(scan, added, upstream);
    }

    private void ReadAll(UsageScan scan, LatencySums added, LatencySums upstream)
    {
        CommandFigures others = default;
        bool hasOthers = false;
        added.Clear();
        upstream.Clear();
        for (int command = 0; command <= UsageScan.LastCommand; command++)
        {
            CommandFigures figures = default;
            if (!scan.TryAdd(command, ref figures)) continue;
            AddLatencies(scan, command, added, upstream);
            if (_byCommand.TryGetValue(command, out CommandSeries? own))
            {
                own.Figures = figures;
                continue;
            }

            others.Add(figures);
            hasOthers = true;
        }

        UsageBuckets.Fine.Update(Added, added);
        UsageBuckets.Fine.Update(Upstream, upstream);
        Other = hasOthers ? Other ?? new CommandSeries(name, OtherName, hasHistograms: false) : null;
        if (Other is not null) Other.Figures = others;
    }

    private void ReadOtherLatencies(UsageScan scan, LatencySums added, LatencySums upstream)
    {
        added.Clear();
        upstream.Clear();
        bool hasAny = false;
        for (int command = 0; command <= UsageScan.LastCommand; command++)
        {
            if (_byCommand.TryGetValue(command, out CommandSeries? own) ? own.HasHistograms : Other is null) continue;
            AddLatencies(scan, command, added, upstream);
            hasAny = true;
        }

        OtherLatencies = hasAny ? OtherLatencies ?? new CommandSeries(name, OtherName, hasHistograms: true) : null;
        OtherLatencies?.Take(added, upstream);
    }

    /// <summary>What waits by itself says nothing of how fast the nodes are.</summary>
    private static void AddLatencies(UsageScan scan, int command, LatencySums added, LatencySums upstream) =>
        scan.AddLatencies(command, added, UsageScan.MayWait(command) ? null : upstream);
}

/// <summary>The series of one command of a tenant, or of several together.</summary>
internal sealed class CommandSeries(string tenant, string command, bool hasHistograms)
{
    /// <summary>Of the last scrape. Each number is as it was or as it is while a later one writes them.</summary>
    public CommandFigures Figures;

    public ImmutableArray<MetricLabel> Labels { get; } = [new MetricLabel("tenant", tenant), new MetricLabel("command", command)];

    public bool HasHistograms => hasHistograms;

    public HistogramValue? Added { get; } = hasHistograms ? new HistogramValue(UsageBuckets.Coarse.Bounds) : null;

    public HistogramValue? Upstream { get; } = hasHistograms ? new HistogramValue(UsageBuckets.Coarse.Bounds) : null;

    public void Take(LatencySums added, LatencySums upstream)
    {
        UsageBuckets.Coarse.Update(Added!, added);
        UsageBuckets.Coarse.Update(Upstream!, upstream);
    }
}
