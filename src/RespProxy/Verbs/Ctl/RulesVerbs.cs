using System.CommandLine;

namespace RespProxy.Verbs.Ctl;

/// <summary><c>respproxy ctl rules</c>: the rules that a running proxy follows.</summary>
internal static class RulesVerbs
{
    private static readonly Argument<string> File = new("FILE") { Description = "A YAML file whose root key is tenants; - for standard input." };

    private static readonly Argument<long> Version = new("VERSION") { Description = "A version, as 'history' tells it." };

    private static readonly Option<string?> Author = new("--author") { Description = "Who is to stand in the history. Default: who is logged in.", HelpName = "NAME" };

    private static readonly Option<string?> Comment = new("--comment", "-m") { Description = "Why, for the history.", HelpName = "TEXT" };

    private static readonly Option<long?> Expect = new("--expect") { Description = "Only if this version is in force.", HelpName = "VERSION" };

    private static readonly Option<int> Minutes = new("--minutes") { Description = "How far back to look, 1 to 60.", HelpName = "N", DefaultValueFactory = _ => 5 };

    public static Command Build()
    {
        var rules = new Command("rules", "The rules in force: look, check, put, go back.");
        rules.Subcommands.Add(Verb("show", "The rules in force.", _ => new CtlCall(HttpMethod.Get, "/api/v1/rules"), RulesViews.WriteRules));
        rules.Subcommands.Add(Verb("history", "Versions that are kept.", _ => new CtlCall(HttpMethod.Get, "/api/v1/rules/history"), RulesViews.WriteHistory));
        rules.Subcommands.Add(Verb("get", "One version.", parsed => new CtlCall(HttpMethod.Get, Invariant($"/api/v1/rules/{parsed.GetValue(Version)}")), RulesViews.WriteRules, Version));
        rules.Subcommands.Add(Verb("check", "Would these be accepted? Changes nothing.", parsed => new CtlCall(HttpMethod.Post, "/api/v1/rules/check", Text(parsed)), RulesViews.WriteChecked, File));
        rules.Subcommands.Add(Verb("put", "Put these in force.", Put, RulesViews.WriteChanged, File, Author, Comment, Expect));
        rules.Subcommands.Add(Verb(
            "dry-run", "What would these have denied or throttled of recent traffic? Changes nothing.",
            parsed => new CtlCall(HttpMethod.Post, Invariant($"/api/v1/rules/dry-run?minutes={parsed.GetValue(Minutes)}"), Text(parsed)), DryRunView.Write, File, Minutes));
        rules.Subcommands.Add(Verb("rollback", "Put an earlier version in force again.", Rollback, RulesViews.WriteChanged, Version, Author, Comment));
        return rules;
    }

    private static Command Verb(string name, string description, Func<ParseResult, CtlCall> call, CtlView view, params ReadOnlySpan<Symbol> symbols)
    {
        var command = new Command(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        command.SetAction((parsed, cancellation) => CtlRun.RunAsync(parsed, () => call(parsed), view, cancellation));
        return command;
    }

    private static CtlCall Put(ParseResult parsed)
    {
        string expect = parsed.GetValue(Expect) is { } version ? Invariant($"&expect={version}") : "";
        return new CtlCall(HttpMethod.Put, $"/api/v1/rules?{WhoAndWhy(parsed)}{expect}", Text(parsed));
    }

    private static CtlCall Rollback(ParseResult parsed) => new(HttpMethod.Post, Invariant($"/api/v1/rules/rollback?to={parsed.GetValue(Version)}&{WhoAndWhy(parsed)}"));

    private static string WhoAndWhy(ParseResult parsed)
    {
        string author = $"author={Uri.EscapeDataString(parsed.GetValue(Author) ?? Environment.UserName)}";
        return parsed.GetValue(Comment) is { } comment ? $"{author}&comment={Uri.EscapeDataString(comment)}" : author;
    }

    private static string Text(ParseResult parsed) => CtlFiles.ReadText(parsed.GetValue(File)!, "FILE");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
