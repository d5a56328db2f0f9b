using RespProxy.Protocol.Commands;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests.Differential;

/// <summary>
/// Every row of the command table, on a plain Redis and through the proxy: in RESP2 and RESP3, direct and as a transaction, before a
/// standalone and before a cluster. See <see cref="ScenarioFiles"/> for how to add to it.
/// </summary>
public sealed class DifferentialTests(DifferentialServers servers) : IClassFixture<DifferentialServers>
{
    /// <summary>A failing test shows this many trials.</summary>
    private const int Shown = 12;

    private static readonly ILookup<string, Scenario> Scenarios = ScenarioFiles.ReadAll();

    /// <summary>What a tenant may send; a container without an answer of its own is here for its errors. The oracle has no modules.</summary>
    private static CommandSpec[] Supported => [.. CommandTable.All.Where(row => row.Refusal == Refusal.None && row.IsOfRedis)];

    public static TheoryData<string> SupportedRows => [.. Supported.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(SupportedRows))]
    public async Task A_command_gets_through_the_proxy_the_replies_of_a_plain_redis(string row)
    {
        CommandSpec spec = Supported.Single(each => each.Name == row);
        Trial[] trials = [.. Trial.Of(spec, Scenarios[row], servers.KnownToOracle)];
        if (trials.Length == 0) Assert.Contains(row, Exemptions.WithoutScenario.Keys);

        await AssertAlikeAsync(trials);
    }

    [Fact]
    public async Task An_unknown_command_is_refused_in_the_words_of_a_plain_redis()
    {
        string[][] calls =
        [
            ["NOSUCH"],
            ["nosuch", "a", "b", ""],
            ["NOSUCH", "two\r\nlines", "\x00\x01\xff"],
            ["NOSUCH", new string('a', 200), "b"],
            ["NOSUCH", .. Enumerable.Repeat("argument", 40)],
            [new string('N', 200), "a"],
            ["two\r\nlines"],
            ["\xff"],
            ["CLIENT", "\xff\x00a"],
            ["CLIENT", new string('n', 200)],
            [""],
        ];
        var scenario = new Scenario { Row = "(none)", Title = "unknown", Calls = [.. calls.Select(call => new Call(Likeness.Exact, call, string.Join(' ', call)))] };
        await AssertAlikeAsync([new Trial(scenario, InMulti: false), new Trial(scenario, InMulti: true)]);
    }

    [Fact]
    public void Every_supported_command_has_a_scenario_or_a_reason_for_none()
    {
        string[] without = [.. Supported
            .Where(row => row.Route != RouteRule.None && !Scenarios.Contains(row.Name)).Select(row => row.Name)];
        Assert.Equal(Exemptions.WithoutScenario.Keys.Order(), without.Order());
    }

    [Fact]
    public async Task Every_option_that_a_live_server_documents_is_used_in_a_scenario()
    {
        ILookup<string, string> options = await DocumentedOptions.ReadAsync(servers.Oracle);
        string[] unused = [.. Supported.Where(row => !Exemptions.WithoutScenario.ContainsKey(row.Name)).SelectMany(row => options[row.Name]
            .Except(Scenarios[row.Name].SelectMany(scenario => scenario.Calls).SelectMany(call => call.Arguments), StringComparer.OrdinalIgnoreCase)
            .Select(option => $"{row.Name} {option}"))];
        Assert.True(options.Count > 80, $"only {options.Count} commands have options");
        string[] missing = [.. unused.Except(Exemptions.WithoutOption.Keys)];
        Assert.True(missing.Length == 0, $"in no scenario: {string.Join(", ", missing)}");
        Assert.Empty(Exemptions.WithoutOption.Keys.Except(unused));
    }

    [Fact]
    public void Every_scenario_is_of_a_row_of_the_table_and_calls_its_command()
    {
        string[] astray = [.. Scenarios.SelectMany(row => row)
            .Where(scenario => CommandTable.All.All(row => row.Name != scenario.Row)
                || scenario.Calls.All(call => !string.Join('|', call.Arguments).StartsWith(scenario.Row, StringComparison.OrdinalIgnoreCase)))
            .Select(scenario => $"{scenario.Row}: {scenario.Title}")];
        Assert.Empty(astray);
    }

    private async Task AssertAlikeAsync(Trial[] trials)
    {
        var complaints = new List<string>();
        foreach (int resp in (int[])[2, 3])
        {
            Task<IReadOnlyList<RawReply>[]> expected = Trial.RunAsync(trials, servers.Oracle, resp);
            Task<IReadOnlyList<RawReply>[]>[] actual = [.. servers.Targets.Select(target => Trial.RunAsync(trials, target, resp))];
            foreach ((Peer target, Task<IReadOnlyList<RawReply>[]> replies) in servers.Targets.Zip(actual))
            {
                complaints.AddRange(trials.Zip(await expected, await replies)
                    .Select(run => new TrialComparison(run.First, target, run.Second, run.Third).Complaint(servers.KnownToOracle))
                    .OfType<string>().Select(complaint => $"RESP{resp} {complaint}"));
            }
        }

        Assert.True(complaints.Count == 0, $"{complaints.Count} trials differ:\n{string.Join('\n', complaints.Take(Shown))}");
    }
}
