using System.CommandLine;
using System.Globalization;

namespace RespProxy.Verbs.Ctl;

/// <summary><c>respproxy ctl</c>: the command-line client of a running proxy's admin API.</summary>
internal static class CtlVerb
{
    public const string VerbName = "ctl";

    public const string Description = "Look at a running proxy, and operate it, through its admin API.";

    private static readonly Argument<string> Name = new("NAME") { Description = "The tenant's name." };

    private static readonly Argument<string> Id = new("ID") { Description = "The connection's id, as 'connections' tells it." };

    private static readonly Argument<string?> Level = new("LEVEL")
    {
        Description = "Trace, Debug, Information, Warning, Error or Critical; left out: tell it.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Argument<string?> Cluster = new("NAME") { Description = "One upstream, with its nodes and slots.", Arity = ArgumentArity.ZeroOrOne };

    private static readonly Option<string?> Tenant = new("--tenant") { Description = "Only this tenant's.", HelpName = "NAME" };

    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "N", DefaultValueFactory = _ => 100 };

    private static readonly Option<int> Count = new("--count") { Description = "How many, 1 to 1000.", HelpName = "N", DefaultValueFactory = _ => 20 };

    public static Command Build()
    {
        var ctl = new Command(VerbName, Description)
        {
            View("status", "The proxy on one page.", _ => "/api/v1/status", StatusView.Write),
            View("tenants", "All tenants and what they use.", _ => "/api/v1/tenants", TenantsView.Write),
            View("tenant", "One tenant: limits, rules, commands.", parsed => $"/api/v1/tenants/{Escaped(parsed, Name)}", TenantView.Write, Name),
            View("top", "The tenants by commands per second, again every two seconds.", _ => "/api/v1/tenants", TenantsView.WriteTop, watch: TimeSpan.FromSeconds(2)),
            View("clusters", "The upstreams, or one of them with its nodes and slots.", ClusterPath, ClusterViews.Write, Cluster),
            View("connections", "Client connections.", ConnectionsPath, ConnectionsView.Write, Tenant, Limit),
            View("kill", "Close a connection.", parsed => $"/api/v1/connections/{Escaped(parsed, Id)}", PlainView.Closed, HttpMethod.Delete, Id),
            View("kill-all", "Close all connections of a tenant.", parsed => $"/api/v1/connections?tenant={Escaped(parsed, Name)}", PlainView.Closed, HttpMethod.Delete, Name),
            View("hotkeys", "A tenant's most used keys.", parsed => KeyPath(parsed, "hotkeys"), KeyViews.WriteHot, Name, Count),
            View("bigkeys", "A tenant's biggest keys.", parsed => KeyPath(parsed, "bigkeys"), KeyViews.WriteBig, Name, Count),
            View("slowlog", "A tenant's slow commands.", parsed => KeyPath(parsed, "slowlog"), KeyViews.WriteSlow, Name, Count),
            View("drain", "Take no new clients and let those that are there finish; the process stays.", _ => "/api/v1/drain", PlainView.Drained, HttpMethod.Post),
            LogLevelCommand(),
            RulesVerbs.Build(),
            CtlOptions.Url, CtlOptions.Token, CtlOptions.TokenFile, CtlOptions.Certificate, CtlOptions.Key, CtlOptions.Authority, CtlOptions.Json, CtlOptions.Watch,
        };
        return ctl;
    }

    private static Command LogLevelCommand()
    {
        var command = new Command("log-level", "Tell the level of the log, or change it until the process ends.") { Level };
        command.SetAction((parsed, cancellation) => CtlRun.RunAsync(
            parsed,
            parsed.GetValue(Level) is { } level ? new CtlCall(HttpMethod.Put, "/api/v1/log/level", level) : new CtlCall(HttpMethod.Get, "/api/v1/log/level"),
            PlainView.LogLevel,
            cancellation));
        return command;
    }

    private static Command View(string name, string description, Func<ParseResult, string> path, CtlView view, params ReadOnlySpan<Symbol> symbols) =>
        View(name, description, path, view, HttpMethod.Get, symbols);

    private static Command View(string name, string description, Func<ParseResult, string> path, CtlView view, HttpMethod method, params ReadOnlySpan<Symbol> symbols)
    {
        Command command = With(new Command(name, description), symbols);
        command.SetAction((parsed, cancellation) => CtlRun.RunAsync(parsed, new CtlCall(method, path(parsed)), view, cancellation));
        return command;
    }

    private static Command View(string name, string description, Func<ParseResult, string> path, CtlView view, TimeSpan watch)
    {
        var command = new Command(name, description);
        command.SetAction((parsed, cancellation) => CtlRun.RunAsync(parsed, new CtlCall(HttpMethod.Get, path(parsed)), view, cancellation, watch));
        return command;
    }

    private static Command With(Command command, ReadOnlySpan<Symbol> symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        return command;
    }

    private static string ClusterPath(ParseResult parsed) => parsed.GetValue(Cluster) is { } name ? $"/api/v1/clusters/{Uri.EscapeDataString(name)}" : "/api/v1/clusters";

    private static string ConnectionsPath(ParseResult parsed)
    {
        string tenant = parsed.GetValue(Tenant) is { } name ? $"&tenant={Uri.EscapeDataString(name)}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"/api/v1/connections?limit={parsed.GetValue(Limit)}{tenant}");
    }

    private static string KeyPath(ParseResult parsed, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"/api/v1/tenants/{Escaped(parsed, Name)}/{what}?count={parsed.GetValue(Count)}");

    private static string Escaped(ParseResult parsed, Argument<string> argument) => Uri.EscapeDataString(parsed.GetValue(argument)!);
}
