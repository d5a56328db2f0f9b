using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>A new configuration on a running proxy, before a real server. The rules' clock stands still unless the test moves it.</summary>
public sealed partial class ReloadTests : IAsyncLifetime
{
    private readonly StandingTime _time = new();
    private LocalRedis _redis = null!;
    private RunningProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        _proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(_redis.Host, _redis.Port)], configuration => configuration with { Loops = 2 }, time: _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task A_denial_holds_for_the_next_request_of_a_connection_that_was_there_before_and_goes_as_it_came()
    {
        await using RespClient client = await _proxy.ConnectAsync();
        await using RespClient other = await _proxy.ConnectAsync("app2");
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "1")).Text);

        Apply(tenant => tenant with { Denials = [Deny("closed today", "GET")] });
        Assert.Equal("NOPERM tenant 'app1' may not run 'get': closed today", (await client.CommandAsync("GET", "a")).Text);
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "2")).Text);
        Assert.Equal("OK", (await other.CommandAsync("SET", "a", "1")).Text);

        Apply(tenant => tenant);
        Assert.Equal("2", (await client.CommandAsync("GET", "a")).Text);
    }

    [Fact]
    public async Task What_is_used_of_a_rate_stays_used_when_its_numbers_change()
    {
        Apply(tenant => Limit(tenant, rate: 100, burst: 10));
        await using RespClient client = await _proxy.ConnectAsync();
        Assert.Equal(10, await AcceptedAsync(client, 12));

        // Ten tokens are gone, whatever the bucket's size is now.
        Apply(tenant => Limit(tenant, rate: 100, burst: 25));
        Assert.Equal(15, await AcceptedAsync(client, 30));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Apply(tenant => Limit(tenant, rate: 200, burst: 25) with { AllowFlush = true });
        Assert.Equal(10, await AcceptedAsync(client, 30));
    }

    [Fact]
    public async Task A_delayed_request_need_not_wait_when_its_limit_is_lifted()
    {
        Apply(tenant => tenant with { Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Rate = 1, Burst = 1, Action = RateAction.Delay, MaxDelay = TimeSpan.FromMinutes(1) }] } });
        await using RespClient client = await _proxy.ConnectAsync();
        await client.SendAsync(Scene.Requests("SET a 1", "SET a 2", "GET a"));
        await Eventually.HoldsAsync("the second is delayed", () => _proxy.Server.ReadUsage("app1").Total.Delayed == 1);

        Apply(tenant => tenant);
        Assert.Equal(["+OK\r\n", "+OK\r\n", "$1\r\n2\r\n"], (await client.ReadRepliesAsync(3)).Select(reply => reply.Wire));
    }

    [Fact]
    public async Task Connections_beyond_a_lowered_number_stay_and_no_more_come()
    {
        await using RespClient first = await _proxy.ConnectAsync();
        await using RespClient second = await _proxy.ConnectAsync();
        Assert.Equal("PONG", (await first.CommandAsync("PING")).Text);
        Assert.Equal("PONG", (await second.CommandAsync("PING")).Text);

        Apply(tenant => tenant with { Limits = new TenantLimitsSnapshot { MaxConnections = 1 } });
        Assert.Equal("PONG", (await first.CommandAsync("PING")).Text);
        Assert.Equal("PONG", (await second.CommandAsync("PING")).Text);
        await using (RespClient third = await _proxy.ConnectAsync())
            Assert.Equal("ERR LIMIT tenant 'app1' may have 1 connections at most", (await third.ReadReplyAsync()).Tree.Text);

        Apply(tenant => tenant);
        await using RespClient fourth = await _proxy.ConnectAsync();
        Assert.Equal("PONG", (await fourth.CommandAsync("PING")).Text);
    }

    [Fact]
    public async Task A_new_password_is_for_those_who_come_and_leaves_those_who_are_there()
    {
        await using RespClient inside = await SharedAsync();
        Assert.Equal("OK", (await inside.CommandAsync("AUTH", "app1", "app1-secret")).Text);

        Apply(tenant => tenant with { PasswordHashes = [[.. SHA256.HashData("new"u8)]] });
        Assert.Equal("OK", (await inside.CommandAsync("SET", "a", "1")).Text);
        await using RespClient coming = await SharedAsync();
        Assert.StartsWith("WRONGPASS", (await coming.CommandAsync("AUTH", "app1", "app1-secret")).Text, StringComparison.Ordinal);
        Assert.Equal("OK", (await coming.CommandAsync("AUTH", "app1", "new")).Text);
    }

    [Fact]
    public async Task A_tenant_that_comes_can_log_in_and_one_that_goes_is_closed_whatever_it_was_doing()
    {
        ApplyTenants([.. _proxy.Configuration.Tenants, RunningProxy.Tenant("app3")]);
        await using RespClient asking = await SharedAsync();
        await using RespClient idle = await SharedAsync();
        await using RespClient blocked = await SharedAsync();
        await using RespClient listening = await SharedAsync();
        foreach (RespClient client in (RespClient[])[asking, idle, blocked, listening]) Assert.Equal("OK", (await client.CommandAsync("AUTH", "app3", "app3-secret")).Text);
        Assert.Equal("OK", (await asking.CommandAsync("SET", "a", "1")).Text);
        Assert.Equal("1", (await _redis.CommandAsync("GET", "cluster1@app3:a")).Text);
        await blocked.SendAsync(Scene.Requests("BLPOP l 0"));
        await listening.CommandAsync("SUBSCRIBE", "c");
        await Eventually.HoldsAsync("the client blocks", async () => (await _redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));
        await using RespClient other = await _proxy.ConnectAsync();

        ApplyTenants(_proxy.Configuration.Tenants);
        Assert.Equal("-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n", (await blocked.ReadReplyAsync()).Wire);
        foreach (RespClient client in (RespClient[])[idle, blocked, listening]) await Assert.ThrowsAsync<EndOfStreamException>(client.ReadReplyAsync);
        await using RespClient late = await SharedAsync();
        Assert.StartsWith("WRONGPASS", (await late.CommandAsync("AUTH", "app3", "app3-secret")).Text, StringComparison.Ordinal);
        Assert.Equal("PONG", (await other.CommandAsync("PING")).Text);
    }

    [Fact]
    public async Task A_tenant_whose_namespace_changes_is_another_one_its_clients_come_back_to()
    {
        await using RespClient before = await _proxy.ConnectAsync();
        Assert.Equal("OK", (await before.CommandAsync("SET", "a", "1")).Text);

        Apply(tenant => tenant with { Namespace = "cluster1@moved" });
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            // Told or just closed, it never writes under the old name again.
            Assert.StartsWith("NOAUTH", (await before.CommandAsync("SET", "a", "2")).Text, StringComparison.Ordinal);
            await before.ReadReplyAsync();
        });
        await using RespClient after = await _proxy.ConnectAsync();
        Assert.Equal("OK", (await after.CommandAsync("SET", "a", "3")).Text);
        Assert.Equal(["1", "3"], [(await _redis.CommandAsync("GET", "cluster1@app1:a")).Text, (await _redis.CommandAsync("GET", "cluster1@moved:a")).Text]);
    }

    [Fact]
    public async Task A_client_whose_scripts_have_run_may_not_run_them_once_they_are_denied()
    {
        await using RespClient client = await _proxy.ConnectAsync();
        Assert.Equal("1", (await client.CommandAsync("EVAL", "return 1", "0")).Text);

        Apply(tenant => tenant with { Scripts = ScriptAccess.Denied });
        Assert.StartsWith("NOPERM tenant 'app1' may not run 'eval'", (await client.CommandAsync("EVAL", "return 1", "0")).Text, StringComparison.Ordinal);
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "1")).Text);
    }

    [Fact]
    public async Task What_needs_a_restart_is_refused_by_name_and_nothing_else_of_it_comes_into_force()
    {
        ProxySnapshot next = _proxy.Configuration with
        {
            Loops = 3,
            Upstreams = [_proxy.Configuration.Upstreams[0] with { MaxRedirects = 1 }],
            Tenants = [_proxy.Configuration.Tenants[0] with { Denials = [Deny("never", "@all")] }],
        };

        Assert.Equal(["loops", "upstreams"], _proxy.Server.Apply(next).Select(error => error.Split(':')[0]));
        await using RespClient client = await _proxy.ConnectAsync();
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "1")).Text);
        await using RespClient other = await _proxy.ConnectAsync("app2");
        Assert.Equal("OK", (await other.CommandAsync("SET", "a", "1")).Text);
    }

    [Fact]
    public async Task A_policy_is_in_force_whole_and_for_every_loop_when_it_has_been_applied_and_never_goes_back()
    {
        // Each version says its number by two rules of different kinds; a client that saw half of one, or an older one after a newer one, would read a number go down.
        Apply(Version(0));
        RespClient[] clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _proxy.ConnectAsync()));
        using var stop = new CancellationTokenSource();
        int applied = 0;
        int pipelines = 0;
        Task[] readers = [.. clients.Select(client => Task.Run(async () =>
        {
            int last = 0;
            while (!stop.IsCancellationRequested)
            {
                int floor = Volatile.Read(ref applied);
                Interlocked.Increment(ref pipelines);
                foreach (string reply in await client.PipelineAsync([.. Enumerable.Repeat("GET k", 20).SelectMany(get => new[] { get, "ECHO x" })]))
                {
                    int seen = int.Parse(VersionNumber().Match(reply).Groups[1].Value, CultureInfo.InvariantCulture);
                    Assert.True(seen >= last && seen >= floor, $"version {seen} after {last}, with {floor} applied");
                    last = seen;
                }
            }
        }))];
        for (int version = 1; version <= 300; version++)
        {
            Apply(Version(version));
            Volatile.Write(ref applied, version);
            await Eventually.HoldsAsync("a client has asked again", () => Volatile.Read(ref pipelines) > version);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        foreach (RespClient client in clients) await client.DisposeAsync();

        static Func<TenantSnapshot, TenantSnapshot> Version(int number) => tenant => tenant with
        {
            Denials =
            [
                new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["GET"], Keys = ["k"] }, Reason = $"v{number}" },
                Deny($"v{number}", "ECHO"),
            ],
        };
    }

    private static DenialSnapshot Deny(string reason, params ImmutableArray<string> commands) =>
        new() { Scope = new RuleScopeSnapshot { Commands = commands }, Reason = reason };

    private static TenantSnapshot Limit(TenantSnapshot tenant, long rate, long burst) =>
        tenant with { Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Rate = rate, Burst = burst }] } };

    private static async Task<int> AcceptedAsync(RespClient client, int requests) =>
        (await client.PipelineAsync([.. Enumerable.Repeat("SET a 1", requests)])).Count(reply => reply == "+OK\r\n");

    private Task<RespClient> SharedAsync() => RespClient.ConnectAsync("127.0.0.1", _proxy.SharedPort);

    private void Apply(Func<TenantSnapshot, TenantSnapshot> adjust) =>
        ApplyTenants([.. _proxy.Configuration.Tenants.Select(tenant => tenant.Name == "app1" ? adjust(tenant) : tenant)]);

    private void ApplyTenants(ImmutableArray<TenantSnapshot> tenants) => Assert.Empty(_proxy.Server.Apply(_proxy.Configuration with { Tenants = tenants }));

    [GeneratedRegex(@": v(\d+)\r")]
    private static partial Regex VersionNumber();
}
