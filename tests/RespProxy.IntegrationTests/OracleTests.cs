using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests;

/// <summary>The oracle is a plain Redis: what it answers, every target must answer.</summary>
public sealed class OracleTests(Servers servers)
{
    private const int Commands = 10_000;

    public static MatrixTheoryData<string, int> TargetsAndProtocols => new(Targets.AllNames, [2, 3]);

    [Theory]
    [MemberData(nameof(TargetsAndProtocols))]
    public async Task Ten_thousand_mixed_commands_in_one_pipeline_get_the_replies_of_a_plain_redis(string target, int resp)
    {
        // Keys of its own for each target and protocol: targets may share a server.
        string prefix = $"oracle{Targets.AllNames.ToList().IndexOf(target)}-{resp}:";
        string[][] commands = [.. new CommandStream(seed: 20_000 + resp, prefix).Take(Commands)];

        await using LocalRedis oracle = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient expecting = await RespClient.ConnectAsync(oracle.Host, oracle.Port);
        await using RespClient tested = await servers.ConnectAsync(target);
        IReadOnlyList<RawReply> expected = await PipelineAsync(expecting, resp, commands);
        IReadOnlyList<RawReply> actual = await PipelineAsync(tested, resp, commands);

        string[] differences = [.. Enumerable.Range(0, Commands)
            .Where(i => !expected[i].Bytes.Span.SequenceEqual(actual[i].Bytes.Span))
            .Select(i => $"#{i} {string.Join(' ', commands[i])}\n  expected {expected[i].Tree}\n  actual   {actual[i].Tree}")];
        Assert.True(differences.Length == 0, $"{differences.Length} replies differ:\n{string.Join('\n', differences.Take(10))}");
    }

    [Fact]
    public async Task The_stream_reaches_every_kind_of_reply()
    {
        await using LocalRedis oracle = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient client = await RespClient.ConnectAsync(oracle.Host, oracle.Port);
        IReadOnlyList<RawReply> replies = await PipelineAsync(client, 3, [.. new CommandStream(1, "reach:").Take(Commands)]);

        RedisReplyKind[] wanted =
        [
            RedisReplyKind.SimpleString, RedisReplyKind.Error, RedisReplyKind.Integer, RedisReplyKind.BulkString, RedisReplyKind.Array,
            RedisReplyKind.Null, RedisReplyKind.Double, RedisReplyKind.Map, RedisReplyKind.Set,
        ];
        Assert.Superset(wanted.ToHashSet(), replies.Select(reply => reply.Tree.Kind).ToHashSet());
        Assert.InRange(replies.Count(reply => reply.Tree.IsError), 1, Commands / 5);
        Assert.DoesNotContain(replies, reply => reply.Tree.Text.StartsWith("ERR unknown", StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<RawReply>> PipelineAsync(RespClient client, int resp, string[][] commands)
    {
        (await client.CommandAsync("HELLO", $"{resp}")).OrThrow();
        // Reading while sending: a server whose replies nobody takes stops reading.
        Task sending = client.SendAsync(commands.SelectMany(Wire.Request).ToArray());
        IReadOnlyList<RawReply> replies = await client.ReadRepliesAsync(commands.Length);
        await sending;
        return replies;
    }
}
