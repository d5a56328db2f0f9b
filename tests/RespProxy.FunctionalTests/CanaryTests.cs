using RespProxy.Configuration;
using RespProxy.FunctionalTests.Canary;
using RespProxy.LocalCluster;
using RespProxy.Protocol.Commands;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// Tenants with secrets; another throws every command of the table at the proxy, with arguments made to escape its namespace: every name that could be a victim's, in
/// the place of every argument, and words by chance. Not a byte of the victims' may come back, and nothing of theirs may change.
/// </summary>
public sealed class CanaryTests(CanaryScene scene) : IClassFixture<CanaryScene>
{
    private const int RandomRounds = 30;

    /// <summary>Commands that must get an answer other than an error for at least one attack: what is always refused attacks nothing.</summary>
    private const int LeastAnswered = 215;

    /// <summary>They change how what follows is answered, or end the connection: each attack has a connection of its own.</summary>
    private static readonly HashSet<string> Turning =
    [
        "AUTH", "HELLO", "QUIT", "RESET", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "MONITOR", "CLIENT|REPLY", "CLIENT|KILL", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE",
    ];

    public static TheoryData<UpstreamMode, string> Scenes => new()
    {
        { UpstreamMode.Standalone, "2" }, { UpstreamMode.Standalone, "3" }, { UpstreamMode.Cluster, "2" }, { UpstreamMode.Cluster, "3" },
    };

    private static IEnumerable<CommandSpec> Steady => CommandTable.All.Where(spec => !Turning.Contains(spec.Name));

    [Theory]
    [MemberData(nameof(Scenes))]
    public Task No_command_shows_or_changes_anything_of_another_tenant(UpstreamMode mode, string protocol) => AttackAsync(mode, protocol, async attacker =>
    {
        var random = new Random(20261122);
        var answered = new HashSet<string>();
        foreach (CommandSpec spec in Steady)
        {
            List<string[]> attacks = [.. Attacks.Directed(spec, taggedOnly: false)];
            IReadOnlyList<RedisReply> replies = await attacker.SendAsync(attacks);
            if (replies.Any(reply => reply.Kind is not (RedisReplyKind.Error or RedisReplyKind.BlobError))) answered.Add(spec.Name);
            if (!Attacks.MayWait(spec) && !spec.IsContainer) await attacker.SendAsync([.. Enumerable.Range(0, RandomRounds).Select(_ => Attacks.Random(spec, random))]);
        }

        await attacker.SendAsync([.. Attacks.ByHand]);
        AssertManyAnswered(answered);
    });

    [Theory]
    [MemberData(nameof(Scenes))]
    public Task No_queued_command_does_either(UpstreamMode mode, string protocol) => AttackAsync(mode, protocol, async attacker =>
    {
        var answered = new HashSet<string>();
        foreach (CommandSpec spec in Steady)
        {
            List<string[]> attacks = [.. Attacks.Directed(spec, taggedOnly: true)];
            RedisReply exec = (await attacker.SendAsync([["MULTI"], .. attacks, ["EXEC"]]))[^1];
            // One that is refused when queued takes the others down with it.
            if (exec.Kind == RedisReplyKind.Error) exec = (await attacker.SendAsync([.. attacks.SelectMany<string[], string[]>(attack => [["MULTI"], attack, ["EXEC"]])])).FirstOrDefault(reply => reply.Items.Count > 0) ?? exec;
            if (exec.Items.Any(item => item.Kind is not (RedisReplyKind.Error or RedisReplyKind.BlobError))) answered.Add(spec.Name);
        }

        AssertManyAnswered(answered);
    });

    [Theory]
    [MemberData(nameof(Scenes))]
    public Task Nor_one_that_a_subscriber_sends_or_one_that_changes_the_connection(UpstreamMode mode, string protocol) => AttackAsync(mode, protocol, async attacker =>
    {
        foreach (CommandSpec spec in Steady)
            await attacker.SendSubscribedAsync([.. Attacks.Directed(spec, taggedOnly: true).Take(12)]);

        foreach (CommandSpec spec in CommandTable.All.Where(spec => Turning.Contains(spec.Name)))
        {
            foreach (string[] attack in Attacks.Directed(spec, taggedOnly: false)) await attacker.SendAsync([attack, ["ECHO", "and now"], ["GET", "cluster1@app1:secret"], ["PUBLISH", "news", "x"]]);
        }
    });

    private async Task AttackAsync(UpstreamMode mode, string protocol, Func<Attacker, Task> attack)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        var victims = new List<Victim>();
        foreach (string tenant in CanaryScene.Victims) victims.Add(await Victim.StartAsync(scene, mode, proxy, tenant));
        await using Attacker attacker = await Attacker.StartAsync(proxy, protocol, () => Task.WhenAll(victims.Select(victim => victim.WorkAsync())));

        await attack(attacker);

        await attacker.AssertHeardNothingForeignAsync();
        await attacker.SendAsync([.. Attacks.Kills]);
        foreach (Victim victim in victims)
        {
            await victim.AssertUntouchedAsync();
            await victim.DisposeAsync();
        }

        Assert.All(await scene.RawKeysAsync(mode), key => Assert.Matches("^cluster1@(app1|app10|app100):", key));
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    private static void AssertManyAnswered(HashSet<string> answered) => Assert.True(
        answered.Count >= LeastAnswered,
        $"only {answered.Count} commands were ever answered; never: {string.Join(' ', Steady.Where(spec => spec.Refusal == Refusal.None && !spec.IsContainer && !answered.Contains(spec.Name)).Select(spec => spec.Name))}");
}
