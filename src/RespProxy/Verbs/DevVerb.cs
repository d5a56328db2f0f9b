using System.CommandLine;

namespace RespProxy.Verbs;

/// <summary>What <c>respproxy dev</c> was asked for.</summary>
/// <param name="Port">Where the proxy listens on 127.0.0.1; the next free port when <paramref name="PortIsGiven"/> is false and it is taken.</param>
/// <param name="PortIsGiven">The port was asked for by name.</param>
/// <param name="Upstream">host:port of an existing Redis to use instead of a throwaway cluster; null: start one.</param>
/// <param name="Nodes">Primaries of the throwaway cluster; each gets one replica unless <paramref name="Replicas"/> is false.</param>
/// <param name="Replicas">One replica per primary.</param>
internal sealed record DevOptions(int Port, bool PortIsGiven, string? Upstream, int Nodes, bool Replicas);

/// <summary><c>respproxy dev</c>: a throwaway cluster, two demo tenants and the proxy in front, gone on exit.</summary>
internal static class DevVerb
{
    private static readonly Option<int> Port = new("--port")
    {
        Description = "Port of the proxy on 127.0.0.1; when not given and taken, the next free one.",
        HelpName = "PORT",
        DefaultValueFactory = _ => 6379,
    };

    private static readonly Option<string?> Upstream = new("--upstream")
    {
        Description = "Use this Redis (standalone or a node of a cluster) instead of a throwaway cluster.",
        HelpName = "HOST:PORT",
    };

    private static readonly Option<int> Nodes = new("--nodes")
    {
        Description = "Primaries of the throwaway cluster.",
        HelpName = "N",
        DefaultValueFactory = _ => 3,
    };

    private static readonly Option<bool> NoReplicas = new("--no-replicas")
    {
        Description = "Start no replicas: half the processes.",
    };

    public static Command Build()
    {
        var command = new Command("dev", "Try it: start a throwaway Redis Cluster, two demo tenants and the proxy; all gone on exit.") { Port, Upstream, Nodes, NoReplicas };
        command.SetAction((parsed, cancellation) => DevSession.RunAsync(Read(parsed), cancellation));
        return command;
    }

    private static DevOptions Read(ParseResult parsed) => new(
        parsed.GetValue(Port),
        parsed.GetResult(Port) is { Implicit: false },
        parsed.GetValue(Upstream),
        parsed.GetValue(Nodes),
        !parsed.GetValue(NoReplicas));
}
