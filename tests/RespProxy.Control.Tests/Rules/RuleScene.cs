using System.Text;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Rules;

namespace RespProxy.Control.Tests.Rules;

/// <summary>Rule sets over a configuration file that the test edits, and a proxy that only notes what it is given.</summary>
internal sealed class RuleScene : IDisposable
{
    public const string Tenants = "tenants: [{name: shop}]";

    private readonly StringLoggerFactory _logs = new();

    /// <summary>All of the file but its tenants.</summary>
    public string Rest { get; set; } = """
        upstreams: [{name: main, mode: standalone, seeds: ["127.0.0.1:1"]}]
        listeners: [{bind: "127.0.0.1:0", tenant: shop}]
        """;

    public string FileTenants { get; set; } = Tenants;

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>What the proxy runs; null before the start.</summary>
    public ProxySnapshot? Running { get; private set; }

    /// <summary>Made when it is first asked for, removed at the end.</summary>
    public string Directory => field ??= System.IO.Directory.CreateTempSubdirectory("respproxy-rules-").FullName;

    public string Log => string.Join('\n', _logs.Lines);

    /// <summary>The proxy starts, again if it ran before.</summary>
    public async Task<LiveRules> StartAsync()
    {
        ConfigurationInput input = Read();
        ConfigurationResult file = input.Load();
        Assert.Empty(file.Errors);
        LiveRules rules = await LiveRules.BeginAsync(input, file, Read, TimeProvider.System, _logs);
        Running = rules.Snapshot;
        rules.Attach(Apply);
        return rules;
    }

    public static Task<RuleOutcome> PutAsync(LiveRules rules, string text, long? expected = null) =>
        rules.PutAsync(Encoding.UTF8.GetBytes(text), new RuleAuthor("ada", "why"), expected, CancellationToken.None);

    /// <summary>A rule set whose one tenant has so many databases.</summary>
    public static string Databases(int number) => $"tenants: [{{name: shop, databases: {number}}}]";

    /// <summary>Of the tenant that the proxy runs.</summary>
    public int RunningDatabases => Running!.Tenants[0].Databases;

    public void KeepOnDisk(int keep = 20) => Rest += $"\nrules: {{directory: {Directory}, keep: {keep}}}";

    public void Dispose()
    {
        if (System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
    }

    private ConfigurationInput Read() => ConfigurationInput.OfText($"{Rest}\n{FileTenants}\n", Environment, [], "test.yaml");

    private IReadOnlyList<string> Apply(ProxySnapshot next)
    {
        IReadOnlyList<string> changes = RestartOnly.Changes(Running!, next);
        if (changes.Count == 0) Running = next;
        return changes;
    }

    private sealed class StringLoggerFactory : ILoggerFactory, ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)}");
    }
}
