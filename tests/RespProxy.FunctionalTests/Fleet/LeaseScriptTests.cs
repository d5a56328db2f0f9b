using System.Globalization;
using RespProxy.Control.Fleet;
using RespProxy.LocalCluster;

namespace RespProxy.FunctionalTests.Fleet;

/// <summary>What the control Redis decides, asked directly.</summary>
public sealed class LeaseScriptTests(FleetServers servers) : IClassFixture<FleetServers>
{
    private static int _lastKey;

    private readonly string _key = $"respproxy:fleet:script{Interlocked.Increment(ref _lastKey)}";

    [Fact]
    public async Task A_new_bucket_is_full_and_gives_no_more_than_it_has()
    {
        // One token a second: the test's own time hardly counts.
        Assert.Equal(60, await AskAsync(rate: 1, burst: 100, tokens: 60));
        Assert.InRange(await AskAsync(rate: 1, burst: 100, tokens: 1_000), 39, 60);
        Assert.InRange(await AskAsync(rate: 1, burst: 100, tokens: 1_000), 0, 20);
    }

    [Fact]
    public async Task A_missing_bucket_that_was_used_a_moment_ago_is_an_empty_one() =>
        Assert.Equal(0, await AskAsync(rate: 1, burst: 100, tokens: 60, wasUsed: true));

    [Fact]
    public async Task What_is_given_back_is_there_again_and_never_more_than_the_burst()
    {
        await AskAsync(rate: 1, burst: 100, tokens: 60);
        Assert.Equal(0, await AskAsync(rate: 1, burst: 100, tokens: -50));
        Assert.InRange(await AskAsync(rate: 1, burst: 100, tokens: 1_000), 89, 100);
        await AskAsync(rate: 1, burst: 100, tokens: -5_000);
        Assert.InRange(await AskAsync(rate: 1, burst: 100, tokens: 1_000), 99, 100);
    }

    [Fact]
    public async Task Who_takes_all_leaves_the_others_their_part_of_a_period()
    {
        // Each call is another proxy's here. Four of them: 1,000 a second are 25 a period, of which each is due 6.
        long second = await SecondAsync();
        while (await SecondAsync() == second) await Task.Delay(10);
        await AskAsync(rate: 1_000, burst: 1_000, tokens: 1);
        await AskAsync(rate: 1_000, burst: 1_000, tokens: 1);
        RedisReply[] replies = await Task.WhenAll(
            servers.Control.CommandAsync(Arguments(1_000, 1_000, 1_000_000, false)),
            servers.Control.CommandAsync(Arguments(1_000, 1_000, 1_000_000, false)));
        long[] granted = [.. replies.Select(reply => reply.Items[0].Integer).Order()];
        Assert.InRange(granted[1], 900, 1_100);
        Assert.InRange(granted[0], 6, 100);
    }

    [Fact]
    public async Task Each_proxy_counts_once_in_a_second()
    {
        long second = await SecondAsync();
        while (await SecondAsync() == second) await Task.Delay(10);
        RedisReply first = await servers.Control.CommandAsync(Arguments(10, 10, 1, false));
        Assert.Equal(1, first.Items[1].Integer);
        RedisReply again = await servers.Control.CommandAsync(Arguments(10, 10, 1, false, round: first.Items[2].Integer));
        Assert.Equal(1, again.Items[1].Integer);
        RedisReply other = await servers.Control.CommandAsync(Arguments(10, 10, 1, false));
        Assert.Equal(2, other.Items[1].Integer);
    }

    [Fact]
    public async Task A_bucket_goes_when_it_would_be_full()
    {
        await AskAsync(rate: 100, burst: 1_000, tokens: 500);
        long left = (await servers.Control.CommandAsync("PTTL", _key)).Integer;
        Assert.InRange(left, 1, 5_000 + 2_000);
    }

    [Fact]
    public async Task The_user_of_the_guide_may_do_it_and_nothing_else()
    {
        await servers.Control.CommandAsync(
            "ACL", "SETUSER", "leaser", "on", "nopass", "resetkeys", "resetchannels", "-@all", "~respproxy:fleet:*", "+evalsha", "+eval", "+ping", "+time", "+hmget", "+hset", "+pexpire");
        foreach (string[] command in (string[][])[["evalsha", "x", "0"], ["eval", "x", "0"], ["ping"], ["time"]])
            Assert.Equal("OK", (await servers.Control.CommandAsync(["ACL", "DRYRUN", "leaser", .. command])).Text);
        foreach ((string command, string[] rest) in new (string, string[])[] { ("hmget", ["f"]), ("hset", ["f", "v"]), ("pexpire", ["1"]) })
        {
            Assert.Equal("OK", (await servers.Control.CommandAsync(["ACL", "DRYRUN", "leaser", command, _key, .. rest])).Text);
            Assert.NotEqual("OK", (await servers.Control.CommandAsync(["ACL", "DRYRUN", "leaser", command, "other", .. rest])).Text);
        }
    }

    private async Task<long> AskAsync(long rate, long burst, long tokens, bool wasUsed = false) =>
        (await servers.Control.CommandAsync(Arguments(rate, burst, tokens, wasUsed))).OrThrow().Items[0].Integer;

    private string[] Arguments(long rate, long burst, long tokens, bool wasUsed, long round = 0) =>
        ["EVAL", LeaseScript.Script.Source, "1", _key, .. new[] { rate, burst, tokens, round, wasUsed ? 1 : 0 }.Select(number => number.ToString(CultureInfo.InvariantCulture))];

    private async Task<long> SecondAsync() => long.Parse((await servers.Control.CommandAsync("TIME")).Items[0].Text, CultureInfo.InvariantCulture);
}
