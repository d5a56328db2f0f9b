using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using RespProxy.Control.Rules;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.FleetRules;

/// <summary>Rule sets of a fleet: proxies under load, a real control Redis beside the one with the keys.</summary>
public sealed partial class FleetRulesTests : IAsyncLifetime
{
    private readonly List<FleetProxy> _proxies = [];
    private LocalRedis _data = null!;
    private LocalRedis _control = null!;

    public async ValueTask InitializeAsync()
    {
        _data = await LocalRedis.StartAsync(new LocalRedisOptions());
        _control = await LocalRedis.StartAsync(new LocalRedisOptions());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (FleetProxy proxy in _proxies) await proxy.DisposeAsync();
        await _control.DisposeAsync();
        await _data.DisposeAsync();
    }

    [Fact]
    public async Task A_push_is_in_force_on_eight_proxies_at_once_whole_and_without_a_client_noticing_anything_else()
    {
        const int Pushes = 30;
        await StartAsync(8);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await Task.WhenAll(_proxies.Select(proxy => proxy.IsAtAsync(1)));
        using var stop = new CancellationTokenSource();
        var everywhere = new StrongBox();
        Task<int>[] clients = [.. _proxies.SelectMany(proxy => new[] { proxy, proxy }).Select(proxy => Task.Run(() => AskUntilAsync(proxy, everywhere, stop.Token)))];
        var took = new List<TimeSpan>();
        for (int number = 2; number <= Pushes; number++)
        {
            long begun = Stopwatch.GetTimestamp();
            await PutAsync(_proxies[number % _proxies.Count], FleetProxy.Tagged(number), number);
            await Task.WhenAll(_proxies.Select(proxy => proxy.IsAtAsync(number)));
            took.Add(Stopwatch.GetElapsedTime(begun));
            Volatile.Write(ref everywhere.Value, number);
        }

        int asked = clients.Length;
        await Eventually.HoldsAsync("all clients have seen the last", () => Volatile.Read(ref everywhere.Seen) == asked || clients.Any(client => client.IsCompleted), TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        int[] replies = await Task.WhenAll(clients);

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Pushes - 1} pushes to {_proxies.Count} proxies with {clients.Length} clients, {replies.Sum()} replies: median {took.Order().ElementAt(took.Count / 2).TotalMilliseconds:0} ms, longest {took.Max().TotalMilliseconds:0} ms"));
        Assert.All(replies, count => Assert.True(count > 0));
        Assert.All(_proxies, proxy => Assert.Equal(0, proxy.Reading.Failures));
        // A tenth of a second on an idle machine that the clients have to themselves; far below the half minute after which a proxy compares unasked.
        Assert.True(took.Order().ElementAt(took.Count / 2) < TimeSpan.FromSeconds(5), "half of the pushes took more than five seconds");
    }

    [Fact]
    public async Task A_push_with_an_error_reaches_nobody_and_shows_its_reason_where_it_was_put()
    {
        await StartAsync(2);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await _proxies[1].IsAtAsync(1);

        RuleOutcome bad = await _proxies[0].PutAsync(FleetProxy.Tenants("databases: 0"));

        Assert.Equal(RuleOutcomeKind.Refused, bad.Kind);
        Assert.Contains("tenants[0].databases: '0' is not a whole number from 1 to 1024", Assert.Single(bad.Errors), StringComparison.Ordinal);
        Assert.Equal(bad.Errors, _proxies[0].Reading.Errors);
        Assert.Equal("1", (await _control.CommandAsync("HGET", "respproxy:rules", "version")).Text);
        await PutAsync(_proxies[1], FleetProxy.Tagged(2), number: 2);
        await _proxies[0].IsAtAsync(2);
        Assert.Equal((1, 0), (_proxies[0].Reading.Failures, _proxies[0].Reading.Errors.Count));
    }

    [Fact]
    public async Task A_set_that_one_proxy_cannot_apply_leaves_that_one_as_it_was_and_is_tried_there_once()
    {
        await StartAsync(1, environment: new() { ["ONLY_HERE"] = "x" });
        await StartAsync(1);
        (FleetProxy able, FleetProxy unable) = (_proxies[0], _proxies[1]);
        await PutAsync(able, FleetProxy.Tagged(1), number: 1);
        await unable.IsAtAsync(1);

        await PutAsync(able, FleetProxy.Tenants() + "  - {name: app3, passwords: [{env: ONLY_HERE}]}", number: 2);
        await Eventually.HoldsAsync("it is refused", () => unable.Reading.Failures == 1);
        Assert.Equal((1, "rule set 2"), (unable.Version, unable.Reading.Errors[0][..10]));
        Assert.Contains("environment variable 'ONLY_HERE' is not set", unable.Reading.Errors[0], StringComparison.Ordinal);
        await using (RespClient client = await unable.ConnectAsync())
            Assert.Equal("NOPERM tenant 'app1' may not run 'get': v1", (await client.CommandAsync("GET", "k")).Text);

        // Told again, and with its subscription made anew, it does not try again.
        await _control.CommandAsync("PUBLISH", "respproxy:rules", "2");
        await _control.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await Eventually.HoldsAsync("both have come back", async () => (await _control.CommandAsync("PUBLISH", "respproxy:rules", "2")).Text == "2");
        await PutAsync(able, FleetProxy.Tagged(3), number: 3);
        await unable.IsAtAsync(3);
        Assert.Equal((1, 0), (unable.Reading.Failures, unable.Reading.Errors.Count));
    }

    [Fact]
    public async Task A_text_that_is_not_the_one_that_was_put_is_refused_and_changes_nothing()
    {
        await StartAsync(1);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        string meta = (await _control.CommandAsync("HGET", "respproxy:rules", "meta:1")).Text;
        await _control.CommandAsync("HSET", "respproxy:rules", "meta:2", meta, "text:2", FleetProxy.Tagged(2), "version", "2", "checksum", "0000");
        await _control.CommandAsync("PUBLISH", "respproxy:rules", "2");
        await Eventually.HoldsAsync("it is refused", () => _proxies[0].Reading.Failures == 1);
        Assert.Equal(1, _proxies[0].Version);
        Assert.Equal("the text of version 2 in the control Redis is not the one whose checksum it has", Assert.Single(_proxies[0].Reading.Errors));
    }

    [Theory]
    [InlineData("SET", "respproxy:rules", "a string")]
    [InlineData("HSET", "respproxy:rules", "version", "seven")]
    [InlineData("HSET", "respproxy:rules", "version", "7")]
    [InlineData("HSET", "respproxy:rules", "version", "7", "meta:7", "{", "text:7", "tenants: []")]
    [InlineData("HSET", "respproxy:rules", "version", "7", "meta:7", "{}", "text:7", "tenants: []")]
    public async Task Nonsense_in_the_control_Redis_is_told_and_neither_stops_a_start_nor_changes_anything(params string[] write)
    {
        await StartAsync(1);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await _control.CommandAsync("DEL", "respproxy:rules");
        await _control.CommandAsync(write);
        await _control.CommandAsync("PUBLISH", "respproxy:rules", "x");
        await StartAsync(1);

        await using RespClient client = await _proxies[1].ConnectAsync();
        Assert.Equal("OK", (await client.CommandAsync("SET", "k", "v")).Text);
        Assert.Contains(_proxies[1].Logs.Lines, line => line.Contains("[6141] Rules: the fleet's rule set cannot be read", StringComparison.Ordinal));
        await using RespClient other = await _proxies[0].ConnectAsync();
        Assert.EndsWith(": v1", (await other.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_who_put_at_once_one_is_told_whose_version_was_faster()
    {
        await StartAsync(2);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await _proxies[1].IsAtAsync(1);
        for (int round = 0; round < 10; round++)
        {
            long before = _proxies[0].Version;
            RuleOutcome[] outcomes = await Task.WhenAll(
                _proxies[0].PutAsync(FleetProxy.Tagged(10 + round), "ada", before), _proxies[1].PutAsync(FleetProxy.Tagged(100 + round), "bob", before));

            string winner = outcomes[0].IsGood ? "ada" : "bob";
            RuleOutcome loser = Assert.Single(outcomes, outcome => outcome.Kind == RuleOutcomeKind.Conflict);
            Assert.Single(outcomes, outcome => outcome.Kind == RuleOutcomeKind.Applied);
            Assert.StartsWith($"version {before + 1} (by {winner}, ", Assert.Single(loser.Errors), StringComparison.Ordinal);
            foreach (FleetProxy proxy in _proxies)
            {
                await proxy.IsAtAsync(before + 1);
                Assert.Equal(winner, proxy.Reading.InForce.Author);
            }
        }
    }

    [Fact]
    public async Task Without_the_control_Redis_proxies_go_on_as_they_are_and_when_it_is_back_empty_the_next_push_reaches_all()
    {
        await StartAsync(3);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await PutAsync(_proxies[0], FleetProxy.Tagged(2), number: 2);
        foreach (FleetProxy proxy in _proxies) await proxy.IsAtAsync(2);
        await using RespClient client = await _proxies[1].ConnectAsync();

        await _control.KillAsync();
        await Eventually.HoldsAsync("the loss is seen", () => _proxies.All(proxy => !proxy.Rules.Fleet!.Reading.IsConnected));
        Assert.EndsWith(": v2", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
        RuleOutcome away = await _proxies[0].PutAsync(FleetProxy.Tagged(3));
        Assert.Equal((RuleOutcomeKind.Away, 2), (away.Kind, away.Version!.Number));

        await _control.RestartAsync();
        await Eventually.HoldsAsync("all are back", () => _proxies.All(proxy => proxy.Rules.Fleet!.Reading.IsConnected));
        await Eventually.HoldsAsync("the emptiness is told", () => _proxies[1].Logs.Lines.Any(line => line.Contains("[6142]", StringComparison.Ordinal)));
        Assert.EndsWith(": v2", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
        await PutAsync(_proxies[2], FleetProxy.Tagged(3), number: 3);
        foreach (FleetProxy proxy in _proxies) await proxy.IsAtAsync(3);
        Assert.EndsWith(": v3", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_that_a_proxy_does_not_hear_reaches_it_when_it_hears_again()
    {
        await StartAsync(1);
        TcpRelay relay = TcpRelay.Start(_control.Host, _control.Port);
        await StartAsync(1, port: relay.Port);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await _proxies[1].IsAtAsync(1);

        // Whatever goes over the relay is lost from here on, until it stands again on the same port.
        await using (relay)
        {
            for (int number = 2; number <= 5; number++)
            {
                relay.CutConnections();
                await PutAsync(_proxies[0], FleetProxy.Tagged(number), number);
                await _proxies[1].IsAtAsync(number);
            }
        }

        Assert.Equal(0, _proxies[1].Reading.Failures);
    }

    [Fact]
    public async Task A_proxy_that_starts_without_the_control_Redis_uses_what_it_had_and_follows_when_it_is_back()
    {
        string directory = Directory.CreateTempSubdirectory("respproxy-fleet-").FullName;
        try
        {
            await StartAsync(1, directory: directory);
            await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
            await _proxies[0].DisposeAsync();
            _proxies.Clear();
            await _control.KillAsync();

            await StartAsync(1, directory: directory);
            Assert.Equal((1, "ada"), (_proxies[0].Version, _proxies[0].Reading.InForce.Author));
            await using RespClient client = await _proxies[0].ConnectAsync();
            Assert.EndsWith(": v1", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
            Assert.False(_proxies[0].Rules.Fleet!.Reading.IsConnected);
            await StartAsync(1);
            Assert.Equal((0, RuleOrigin.File), (_proxies[1].Version, _proxies[1].Reading.InForce.Origin));

            await _control.RestartAsync();
            await Eventually.HoldsAsync("both are back", () => _proxies.All(proxy => proxy.Rules.Fleet!.Reading.IsConnected));
            await PutAsync(_proxies[0], FleetProxy.Tagged(2), number: 2);
            await _proxies[1].IsAtAsync(2);
            Assert.EndsWith(": v2", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_control_Redis_that_is_silent_delays_a_start_by_its_timeout_and_is_followed_when_it_speaks()
    {
        await StartAsync(1);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        _control.Suspend();
        try
        {
            _proxies.Add(await FleetProxy.StartAsync(_data, _control.Port, controlKeys: "timeout: 300ms"));
            Assert.Equal(0, _proxies[1].Version);
            await using RespClient client = await _proxies[1].ConnectAsync();
            Assert.Equal("OK", (await client.CommandAsync("SET", "k", "v")).Text);
        }
        finally
        {
            _control.Resume();
        }

        await _proxies[1].IsAtAsync(1);
    }

    [Fact]
    public async Task The_rights_of_the_documented_user_are_enough()
    {
        string[] user = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "config", "redis", "control.acl"))).Split(' ', StringSplitOptions.TrimEntries)[1..];
        (await _control.CommandAsync(["ACL", "SETUSER", .. user])).OrThrow();
        for (int i = 0; i < 2; i++) _proxies.Add(await FleetProxy.StartAsync(_data, _control.Port, controlKeys: "timeout: 5s, username: fleet, password: password"));
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await PutAsync(_proxies[0], FleetProxy.Tagged(2), number: 2);
        await _proxies[1].IsAtAsync(2);
        Assert.True((await _proxies[1].Rules.RollBackAsync(1, default, expected: null, CancellationToken.None)).IsGood);
        Assert.Equal(2, (await _proxies[1].Rules.Fleet!.FindAsync(2, CancellationToken.None))!.Number);
        await _proxies[0].IsAtAsync(3);
    }

    [Fact]
    public async Task A_fleet_that_has_gone_back_is_followed_and_so_it_is_kept()
    {
        string directory = Directory.CreateTempSubdirectory("respproxy-fleet-").FullName;
        try
        {
            await StartAsync(1, directory: directory);
            for (int number = 1; number <= 3; number++) await PutAsync(_proxies[0], FleetProxy.Tagged(number), number);

            // As after a failover to a replica that had not heard of the third.
            await _control.CommandAsync("HDEL", "respproxy:rules", "meta:3", "text:3");
            await _control.CommandAsync("HSET", "respproxy:rules", "version", "2", "checksum", RuleVersion.ChecksumOf(System.Text.Encoding.UTF8.GetBytes(FleetProxy.Tagged(2))));
            await _control.CommandAsync("PUBLISH", "respproxy:rules", "2");
            await _proxies[0].IsAtAsync(2);
            Assert.Contains(_proxies[0].Logs.Lines, line => line.Contains("[6143]", StringComparison.Ordinal));
            Assert.Equal([0, 1, 2], _proxies[0].Rules.Sets.History.Select(version => version.Number));
            Assert.Equal(["rules-0000000001.yaml", "rules-0000000002.yaml"], Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            await PutAsync(_proxies[0], FleetProxy.Tagged(4), number: 3);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task The_files_tenants_count_until_the_fleet_has_a_rule_set()
    {
        await StartAsync(1);
        FleetProxy proxy = _proxies[0];
        proxy.FileTenants = FleetProxy.Tagged(100);
        Assert.Empty(proxy.Rules.Sets.ReloadFile());
        await using RespClient client = await proxy.ConnectAsync();
        Assert.EndsWith(": v100", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
        Assert.Equal(0, proxy.Version);

        await PutAsync(proxy, FleetProxy.Tagged(1), number: 1);
        proxy.FileTenants = FleetProxy.Tagged(101);
        Assert.Empty(proxy.Rules.Sets.ReloadFile());
        Assert.EndsWith(": v1", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
        Assert.Equal(1, proxy.Version);
        Assert.Contains(proxy.Logs.Lines, line => line.Contains("[6115]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_proxy_that_starts_late_has_the_fleets_rules_from_its_first_request()
    {
        await StartAsync(1);
        await PutAsync(_proxies[0], FleetProxy.Tagged(1), number: 1);
        await StartAsync(1);
        await using RespClient client = await _proxies[1].ConnectAsync();
        Assert.EndsWith(": v1", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tenants_credentials_limits_and_denials_arrive_without_dropping_a_connection()
    {
        await StartAsync(2);
        await using RespClient open = await _proxies[1].ConnectAsync();
        await using RespClient inside = await _proxies[1].ConnectSharedAsync();
        Assert.Equal("OK", (await inside.CommandAsync("AUTH", "app1", "app1-secret")).Text);

        await PutAsync(
            _proxies[0],
            FleetProxy.Tenants(
                "limits: {rates: [{name: writes, commands: [SET], rate: 1, burst: 1}]}, deny: [{commands: [GET], reason: closed}]",
                $"  - {{name: app3, passwords: [{{sha256: {FleetProxy.Sha256("app3-secret")}}}]}}",
                password: "changed"),
            number: 1);
        await _proxies[1].IsAtAsync(1);

        await using RespClient coming = await _proxies[1].ConnectSharedAsync();
        Assert.StartsWith("WRONGPASS", (await coming.CommandAsync("AUTH", "app1", "app1-secret")).Text, StringComparison.Ordinal);
        Assert.Equal("OK", (await coming.CommandAsync("AUTH", "app1", "changed")).Text);
        Assert.Equal("OK", (await coming.CommandAsync("AUTH", "app3", "app3-secret")).Text);
        foreach (RespClient client in (RespClient[])[open, inside])
        {
            Assert.Equal("NOPERM tenant 'app1' may not run 'get': closed", (await client.CommandAsync("GET", "a")).Text);
            await Eventually.HoldsAsync("the rate holds", async () => (await client.CommandAsync("SET", "a", "1")).Text.StartsWith("ERR LIMIT writes rate exceeded", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Any_version_that_the_fleet_keeps_can_be_put_in_force_again_from_any_proxy()
    {
        await StartAsync(1);
        for (int number = 1; number <= 25; number++) await PutAsync(_proxies[0], FleetProxy.Tagged(number), number);
        await StartAsync(1);
        FleetProxy late = _proxies[1];

        RuleOutcome outcome = await late.Rules.RollBackAsync(7, new RuleAuthor("bob", "calm down"), expected: null, CancellationToken.None);
        Assert.Equal((RuleOutcomeKind.Applied, 26), (outcome.Kind, outcome.Version!.Number));
        await _proxies[0].IsAtAsync(26);
        RuleVersion now = _proxies[0].Reading.InForce;
        Assert.Equal((FleetProxy.Tagged(7), "bob", "calm down", RuleOrigin.Rollback), (now.Text, now.Author, now.Comment, now.Origin));

        // The version and checksum, and twenty versions with their texts.
        Assert.Equal("42", (await _control.CommandAsync("HLEN", "respproxy:rules")).Text);
        Assert.Equal(RuleOutcomeKind.NotFound, (await late.Rules.RollBackAsync(6, default, expected: null, CancellationToken.None)).Kind);
    }

    private static async Task PutAsync(FleetProxy proxy, string text, long number)
    {
        // Another proxy may have put the one before, which this one hears of in this moment.
        RuleOutcome? outcome = null;
        await Eventually.HoldsAsync($"version {number} is put", async () => (outcome = await proxy.PutAsync(text, expected: number - 1)).Kind != RuleOutcomeKind.Away);
        Assert.Equal((RuleOutcomeKind.Applied, number), (outcome!.Kind, outcome.Version!.Number));
        Assert.Equal(number, proxy.Version);
    }

    /// <summary>Pipelines until the end; the replies read. No number that a reply says may go down, or be below one that is in force everywhere.</summary>
    private static async Task<int> AskUntilAsync(FleetProxy proxy, StrongBox everywhere, CancellationToken stop)
    {
        await using RespClient client = await proxy.ConnectAsync();
        string[] requests = [.. Enumerable.Repeat("GET k", 10).SelectMany(get => new[] { get, "ECHO x" })];
        int last = 0;
        int replies = 0;
        bool hasSeenLast = false;
        while (!stop.IsCancellationRequested)
        {
            int floor = Volatile.Read(ref everywhere.Value);
            foreach (string reply in await client.PipelineAsync(requests))
            {
                int seen = int.Parse(VersionNumber().Match(reply).Groups[1].Value, CultureInfo.InvariantCulture);
                Assert.True(seen >= last && seen >= floor, $"version {seen} after {last}, with {floor} everywhere");
                last = seen;
                replies++;
            }

            if (last < 30 || hasSeenLast) continue;
            hasSeenLast = true;
            Interlocked.Increment(ref everywhere.Seen);
        }

        return replies;
    }

    private async Task StartAsync(int count, int? port = null, string? directory = null, Dictionary<string, string>? environment = null) =>
        _proxies.AddRange(await Task.WhenAll(Enumerable.Range(0, count).Select(_ => FleetProxy.StartAsync(_data, port ?? _control.Port, directory, environment))));

    [GeneratedRegex(@": v(\d+)\r")]
    private static partial Regex VersionNumber();

    private sealed class StrongBox
    {
        /// <summary>In force on all proxies.</summary>
        public int Value;

        /// <summary>Clients that have seen the last version.</summary>
        public int Seen;
    }
}
