using RespProxy.Testing;
using StackExchange.Redis;

namespace RespProxy.IntegrationTests;

/// <summary>A round of StackExchange.Redis, the usual client of .NET applications.</summary>
public sealed class StackExchangeRedisTests(Servers servers)
{
    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    private readonly string _run = Guid.NewGuid().ToString("n")[..8];

    public static MatrixTheoryData<string, RedisProtocol> TargetsAndProtocols =>
        new(Targets.AllNames, [RedisProtocol.Resp2, RedisProtocol.Resp3]);

    [Theory]
    [MemberData(nameof(TargetsAndProtocols))]
    public async Task Data_types_read_back_what_was_written(string target, RedisProtocol protocol)
    {
        await using ConnectionMultiplexer connection = await ConnectAsync(await servers.EndpointAsync(target), protocol);
        IDatabase redis = connection.GetDatabase();

        Assert.True(await redis.StringSetAsync(Key("s"), EveryByte, TimeSpan.FromSeconds(100)));
        Assert.Equal(EveryByte, (byte[]?)await redis.StringGetAsync(Key("s")));
        Assert.InRange((await redis.KeyTimeToLiveAsync(Key("s")))!.Value, TimeSpan.FromSeconds(80), TimeSpan.FromSeconds(100));
        Assert.Equal(41, await redis.StringIncrementAsync(Key("n"), 41));

        await redis.HashSetAsync(Key("h"), [new("a", "1"), new("b", "2")]);
        Assert.Equal([new("a", "1"), new("b", "2")], await redis.HashGetAllAsync(Key("h")));

        Assert.Equal(3, await redis.ListRightPushAsync(Key("l"), ["a", "b", "c"]));
        Assert.Equal(["a", "b", "c"], await redis.ListRangeAsync(Key("l")));

        Assert.Equal(2, await redis.SetAddAsync(Key("set"), ["a", "b"]));
        Assert.Equal(new[] { true, false }, await redis.SetContainsAsync(Key("set"), ["a", "x"]));

        Assert.Equal(2, await redis.SortedSetAddAsync(Key("z"), [new("a", 1), new("b", 2.5)]));
        Assert.Equal([new("a", 1), new("b", 2.5)], await redis.SortedSetRangeByRankWithScoresAsync(Key("z")));

        Assert.True(await redis.HyperLogLogAddAsync(Key("hll"), ["a", "b", "c"]));
        Assert.Equal(3, await redis.HyperLogLogLengthAsync(Key("hll")));

        Assert.Equal("1-1", await redis.StreamAddAsync(Key("x"), "f", "v", "1-1"));
        Assert.Equal("v", (await redis.StreamRangeAsync(Key("x"))).Single()["f"]);
        await Assert.ThrowsAsync<RedisServerException>(() => redis.StringIncrementAsync(Key("l")));
    }

    [Theory]
    [MemberData(nameof(TargetsAndProtocols))]
    public async Task Many_keys_over_slots_come_back_in_order(string target, RedisProtocol protocol)
    {
        await using ConnectionMultiplexer connection = await ConnectAsync(await servers.EndpointAsync(target), protocol);
        IDatabase redis = connection.GetDatabase();
        RedisKey[] keys = [.. Enumerable.Range(0, 200).Select(i => Key($"many:{i}"))];

        Assert.True(await redis.StringSetAsync([.. keys.Select((key, i) => KeyValuePair.Create(key, (RedisValue)i))]));
        Assert.Equal(Enumerable.Range(0, 200), (await redis.StringGetAsync(keys)).Select(value => (int)value));
        Assert.Equal(200, await redis.KeyDeleteAsync(keys));
    }

    [Theory]
    [MemberData(nameof(TargetsAndProtocols))]
    public async Task A_thousand_commands_at_once_are_answered_each_with_its_own(string target, RedisProtocol protocol)
    {
        await using ConnectionMultiplexer connection = await ConnectAsync(await servers.EndpointAsync(target), protocol);
        IDatabase redis = connection.GetDatabase();
        IBatch batch = redis.CreateBatch();
        Task<bool>[] sets = [.. Enumerable.Range(0, 1000).Select(i => batch.StringSetAsync(Key($"p:{i}"), i))];
        Task<RedisValue>[] gets = [.. Enumerable.Range(0, 1000).Select(i => batch.StringGetAsync(Key($"p:{i}")))];
        batch.Execute();

        Assert.All(await Task.WhenAll(sets), Assert.True);
        Assert.Equal(Enumerable.Range(0, 1000), (await Task.WhenAll(gets)).Select(value => (int)value));
    }

    [Theory]
    [MemberData(nameof(TargetsAndProtocols))]
    public async Task A_client_whose_connections_were_cut_comes_back(string target, RedisProtocol protocol)
    {
        ClientEndpoint endpoint = await servers.EndpointAsync(target);
        await using TcpRelay relay = TcpRelay.Start(endpoint.Host, endpoint.Port);
        await using ConnectionMultiplexer connection =
            await ConnectAsync(endpoint with { Host = relay.Host, Port = relay.Port }, protocol);
        IDatabase redis = connection.GetDatabase();
        Assert.True(await redis.StringSetAsync(Key("kept"), "1"));

        relay.CutConnections();

        await Eventually.HoldsAsync("a read succeeds again", async () =>
        {
            try
            {
                return await redis.StringGetAsync(Key("kept")) == "1";
            }
            catch (Exception e) when (e is RedisConnectionException or RedisTimeoutException)
            {
                return false;
            }
        });
    }

    private static async Task<ConnectionMultiplexer> ConnectAsync(ClientEndpoint endpoint, RedisProtocol protocol)
    {
        var options = new ConfigurationOptions
        {
            EndPoints = { { endpoint.Host, endpoint.Port } },
            User = endpoint.Username,
            Password = endpoint.Password,
            Protocol = protocol,
            // No configuration channel: it would subscribe.
            ConfigurationChannel = "",
            AsyncTimeout = 20_000,
            ConnectTimeout = 20_000,
        };
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    private RedisKey Key(string name) => $"se:{_run}:{name}";
}
