using System.Globalization;
using RespProxy.Protocol.Commands;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests.Differential;

/// <summary>A scenario, run as it stands or as one transaction.</summary>
internal sealed record Trial(Scenario Scenario, bool InMulti)
{
    /// <summary>The trials of a row of the command table: of its scenarios, and of one that the row's own arity makes.</summary>
    public static IEnumerable<Trial> Of(CommandSpec row, IEnumerable<Scenario> scenarios, IReadOnlySet<string> knownToOracle)
    {
        if (knownToOracle.Contains(row.Name)) scenarios = scenarios.Append(WrongArguments(row));
        foreach (Scenario scenario in scenarios.Where(IsSupported))
        {
            if (scenario.Calls.Count == 0) continue;
            yield return new Trial(scenario, InMulti: false);
            bool isTransaction = scenario.OutsideMulti is null
                && !Rows(scenario).Any(each => each is null || Exemptions.AroundTransactions.ContainsKey(each.Name) || !knownToOracle.Contains(each.Name));
            if (isTransaction) yield return new Trial(scenario, InMulti: true);
        }
    }

    /// <summary>One of its commands is known to the proxy, which answers it itself, and not to the oracle, which is older.</summary>
    public bool IsNewerThan(IReadOnlySet<string> knownToOracle) =>
        Rows(Scenario).Any(row => row is { Route: RouteRule.Local } && !knownToOracle.Contains(row.Name));

    /// <summary>The proxy refuses one of its commands when it is queued.</summary>
    public bool IsRefusedInTransaction => InMulti && Rows(Scenario).Any(row => row is not null && Exemptions.RefusedInTransactions.ContainsKey(row.Name));

    public IEnumerable<string[]> Requests => InMulti
        ? [["MULTI"], .. Scenario.Calls.Select(call => call.Arguments), ["EXEC"]]
        : Scenario.Calls.Select(call => call.Arguments);

    public override string ToString() => $"{Scenario.Row}: {Scenario.Title}{(InMulti ? ", in MULTI" : "")}";

    /// <summary>
    /// Runs the trials one after the other in one pipeline, each as a client that has just connected, and on an empty keyspace. Returns
    /// the replies of each.
    /// </summary>
    public static async Task<IReadOnlyList<RawReply>[]> RunAsync(IReadOnlyList<Trial> trials, Peer peer, int resp)
    {
        await using RespClient client = await RespClient.ConnectAsync(peer.Host, peer.Port);
        string[] Begin(int i) => ["ECHO", $"begin {i}"];
        string[] End(int i) => ["ECHO", $"end {i}"];
        IEnumerable<string[]> requests = trials.SelectMany((trial, i) => new[]
        {
            [["RESET"], ["HELLO", resp.ToString(CultureInfo.InvariantCulture)], ["FLUSHALL"], Begin(i)], trial.Requests, [["RESET"], End(i)],
        }.SelectMany(part => part));
        // Reading while sending: a server whose replies nobody takes stops reading.
        Task sending = client.SendAsync(requests.SelectMany(Wire.Request).ToArray());
        var replies = new IReadOnlyList<RawReply>[trials.Count];
        for (int i = 0; i < trials.Count; i++)
        {
            try
            {
                List<RawReply> before = await ReadUntilAsync(client, Begin(i)[1]);
                if (before is not [.., { Wire: "+OK\r\n" }]) throw new InvalidOperationException("the keyspace was not flushed");
                replies[i] = (await ReadUntilAsync(client, End(i)[1])).SkipLast(1).ToList();
            }
            catch (Exception e) when (e is OperationCanceledException or EndOfStreamException or FormatException or InvalidOperationException)
            {
                throw new InvalidOperationException($"[{peer.Name}] RESP{resp} {trials[i]}: {e.Message}", e);
            }
        }

        await sending;
        return replies;
    }

    private static async Task<List<RawReply>> ReadUntilAsync(RespClient client, string marker)
    {
        var replies = new List<RawReply>();
        while (true)
        {
            RawReply reply = await client.ReadReplyAsync();
            if (reply.Tree.Text == marker) return replies;
            replies.Add(reply);
        }
    }

    /// <summary>Too few and too many arguments, as far as the row's arity has such; for a container no subcommand and an unknown one.</summary>
    private static Scenario WrongArguments(CommandSpec row)
    {
        string[] name = row.Name.Split('|');
        var calls = new List<string[]>();
        if (row.IsContainer) calls.AddRange([name, [.. name, "NOSUCH"]]);
        if (Math.Abs(row.Arity) - 1 >= name.Length) calls.Add(Filled(name, Math.Abs(row.Arity) - 1));
        if (row.Arity > 0) calls.Add(Filled(name, row.Arity + 1));
        return new Scenario
        {
            Row = row.Name,
            Title = "wrong arguments",
            Calls = [.. calls.Where(call => !row.AcceptsArgumentCount(call.Length) || call[^1] == "NOSUCH").Select(call => new Call(Likeness.Exact, call, string.Join(' ', call)))],
        };
    }

    private static string[] Filled(string[] name, int count) => [.. name, .. Enumerable.Repeat("x", count - name.Length)];

    private static bool IsSupported(Scenario scenario) => Rows(scenario).All(row => row is null || row.Refusal == Refusal.None);

    private static IEnumerable<CommandSpec?> Rows(Scenario scenario) => scenario.Calls.Select(RowOf);

    /// <summary>The row of a call, its container's when the subcommand is unknown, or null.</summary>
    private static CommandSpec? RowOf(Call call)
    {
        CommandSpec? row = CommandTable.Find(Wire.Bytes(call.Arguments[0]));
        return row is { IsContainer: true } && call.Arguments.Length > 1
            ? CommandTable.FindSubcommand(row, Wire.Bytes(call.Arguments[1])) ?? row
            : row;
    }
}
