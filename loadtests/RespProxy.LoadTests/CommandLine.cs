using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace RespProxy.LoadTests;

/// <summary>The command line and its defaults.</summary>
internal sealed class CommandLine
{
    private const int DefaultRepetitions = 3;
    private const double DefaultCellSeconds = 2;
    private const double LimitCellSeconds = 10;
    private const int QuickRepetitions = 2;
    private const double QuickCellSeconds = 0.25;

    private readonly Option<string?> _respProxy = new("--respproxy")
    {
        Description = "the RespProxy binary [default: artifacts/publish/respproxy in the repository]",
    };
    private readonly Option<string?> _predixy = new("--predixy") { Description = "a predixy binary to compare with too" };
    private readonly Option<bool> _cluster = new("--cluster")
    {
        Description = "put a local cluster of three primaries behind RespProxy and predixy; haproxy and nutcracker can't and are left out",
    };
    private readonly Option<bool?> _unix = new("--unix")
    {
        Description = "measure RespProxy over a Unix socket too, with the first number of loops (respproxy-unix) [default: true, with --quick false]",
    };
    private readonly Option<bool?> _syscalls = new("--syscalls")
    {
        Description = "count the proxies' system calls in a pass of its own, by perf or strace [default: true, with --quick false]",
    };
    private readonly Option<int[]> _loops = new("--loops")
    {
        Description = "event loops of RespProxy; several numbers (1,2) make several targets [default: 1,2; 1 with --quick and --footprint]",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = ParseLoops,
    };
    private readonly Option<bool> _footprint = new("--footprint") { Description = "measure start-up, memory and sizes instead" };
    private readonly Option<string?> _image = new("--image")
    {
        Description = "the container image whose size --footprint tells [default: artifacts/image/respproxy.tar in the repository, if it is there]",
    };
    private readonly Option<bool> _limits = new("--limits")
    {
        Description = "measure how exact limits are instead; fails when one is not [default: --loops 1,2 --seconds 10]",
    };
    private readonly Option<bool> _governance = new("--governance")
    {
        Description = "measure what 1,000 rules, a quota and the watch on hot and big keys cost instead; fails when it is too much",
    };
    private readonly Option<bool> _nearCache = new("--near-cache")
    {
        Description = "compare reads of hot keys from the near cache with Redis itself instead",
    };
    private readonly Option<bool> _scrape = new("--scrape") { Description = "measure what /metrics costs with up to 1,000 tenants x 50 commands instead" };
    private readonly Option<bool> _scale = new("--scale")
    {
        Description = "measure how cost grows with connections, tenants, rules and nodes instead; fails where it is not flat",
    };
    private readonly Option<string[]> _workloads = new("--workloads")
    {
        Description = "only these rows (of --limits: cells, as delay-1000-c8-p1; of --scale: connections, tenants, rules, nodes), separated by commas",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string[]> _targets = new("--targets")
    {
        Description = "only these columns, separated by commas",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<int?> _repetitions = new("--reps") { Description = $"repetitions [default: {DefaultRepetitions}]" };
    private readonly Option<double?> _seconds = new("--seconds")
    {
        Description = $"about how long a cell takes [default: {DefaultCellSeconds}]",
    };
    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "about a minute in all: shorter cells, two repetitions; for a first look, not for publishing",
    };
    private readonly Option<string?> _out = new("--out") { Description = "write the raw samples to this file as JSON" };
    private readonly Option<bool> _updateDocs = new("--update-docs")
    {
        Description = "replace the generated section of docs/performance.md, and its charts in docs/charts",
    };

    /// <summary>Parses and runs; Ctrl-C and SIGTERM cancel, and the run gets time to end its children.</summary>
    public static Task<int> RunAsync(string[] arguments, Func<LoadTestOptions, CancellationToken, Task<int>> run)
    {
        CommandLine line = new();
        RootCommand root = new("Compares RespProxy side by side with direct Redis, haproxy, nutcracker and predixy on this machine.")
        {
            line._respProxy, line._predixy, line._cluster, line._unix, line._loops, line._syscalls, line._footprint, line._image, line._limits, line._governance,
            line._nearCache, line._scrape, line._scale, line._workloads, line._targets, line._repetitions, line._seconds, line._quick, line._out, line._updateDocs,
        };
        root.SetAction((parsed, cancellation) => run(line.Read(parsed), cancellation));
        return root.Parse(arguments).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
    }

    private LoadTestOptions Read(ParseResult parsed)
    {
        bool quick = parsed.GetValue(_quick);
        bool limits = parsed.GetValue(_limits);
        return new LoadTestOptions
        {
            RespProxy = parsed.GetValue(_respProxy)
                ?? Path.Combine(RepositoryRoot(), "artifacts", "publish", "respproxy"),
            Predixy = parsed.GetValue(_predixy),
            Cluster = parsed.GetValue(_cluster),
            Unix = parsed.GetValue(_unix) ?? !quick,
            Loops = parsed.GetValue(_loops) is { Length: > 0 } loops ? loops : limits || (!quick && !parsed.GetValue(_footprint)) ? [1, 2] : [1],
            Syscalls = parsed.GetValue(_syscalls) ?? !quick,
            Footprint = parsed.GetValue(_footprint),
            Limits = limits,
            Governance = parsed.GetValue(_governance),
            NearCache = parsed.GetValue(_nearCache),
            Scrape = parsed.GetValue(_scrape),
            Scale = parsed.GetValue(_scale),
            Workloads = Names(parsed.GetValue(_workloads) ?? []),
            Targets = Names(parsed.GetValue(_targets) ?? []),
            Repetitions = parsed.GetValue(_repetitions) ?? (quick ? QuickRepetitions : DefaultRepetitions),
            CellSeconds = parsed.GetValue(_seconds) ?? (quick ? QuickCellSeconds : limits ? LimitCellSeconds : DefaultCellSeconds),
            Out = parsed.GetValue(_out),
            Image = parsed.GetValue(_image) ?? Path.Combine(RepositoryRoot(), "artifacts", "image", "respproxy.tar"),
            UpdateDocs = parsed.GetValue(_updateDocs) ? Path.Combine(RepositoryRoot(), "docs", "performance.md") : null,
        };
    }

    private static int[]? ParseLoops(ArgumentResult given)
    {
        List<int> loops = [];
        foreach (string text in Names(given.Tokens.Select(token => token.Value)))
        {
            if (int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number > 0)
                loops.Add(number);
            else
                given.AddError($"--loops: '{text}' is not a number of loops");
        }
        return [.. loops];
    }

    private static string[] Names(IEnumerable<string> values) =>
        [.. values.SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static string RepositoryRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "RespProxy.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? Environment.CurrentDirectory;
    }
}
