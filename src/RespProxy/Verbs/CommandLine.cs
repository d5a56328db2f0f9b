using System.CommandLine;
using System.CommandLine.Help;

namespace RespProxy.Verbs;

/// <summary>The whole command line in one place.</summary>
internal static class CommandLine
{
    private const string Description = """
        RespProxy gives each application a Redis of its own on a shared Redis or Valkey cluster.
        Clients connect to it as to a plain Redis; it prefixes their keys with the tenant's namespace and
        routes them to the right node.
        """;

    private const string Examples = """
        Examples:
          respproxy dev                                      try it: a throwaway cluster and the proxy in front
          respproxy run --config respproxy.yaml              run; 'run' may be left out
          respproxy --config respproxy.yaml --set log.level=Debug --listen 0.0.0.0:6379
          respproxy check-config respproxy.yaml              tell every mistake without starting
          respproxy ctl status                               look at a running proxy; 'ctl top', 'ctl tenant shop', ...

        Environment:
          RESPPROXY_CONFIG=FILE                              the configuration when --config is not given
          RESPPROXY_CTL_URL, RESPPROXY_CTL_TOKEN             which proxy 'ctl' talks to, and as whom
          RESPPROXY_<KEY>__<KEY>=VALUE                       overrides a value: RESPPROXY_UPSTREAMS__0__PASSWORD

        Exit codes:
          0  done, or drained after SIGTERM or SIGINT        3  an address is in use or cannot be bound
          1  unexpected failure, or not healthy              130, 143  a second signal cut the drain short
          2  wrong configuration or command line
        """;

    /// <summary>All verbs. Of the client of the admin API no more than its name unless it is meant: it would cost every run memory.</summary>
    public static RootCommand Build(IReadOnlyList<string> arguments)
    {
        var root = new RootCommand(Description)
        {
            RunVerb.Build(),
            CheckConfigVerb.Build(),
            DevVerb.Build(),
            HealthcheckVerb.Build(),
            arguments is [Ctl.CtlVerb.VerbName, ..] ? Ctl.CtlVerb.Build() : new Command(Ctl.CtlVerb.VerbName, Ctl.CtlVerb.Description),
            VersionVerb.Build(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>The library's help, and below the root's the examples.</summary>
    private sealed class HelpWithExamples(HelpAction inner) : System.CommandLine.Invocation.SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int result = inner.Invoke(parseResult);
            if (parseResult.CommandResult.Command is RootCommand)
                parseResult.InvocationConfiguration.Output.WriteLine(Examples);
            return result;
        }
    }
}
