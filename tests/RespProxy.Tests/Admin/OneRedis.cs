using RespProxy.LocalCluster;

namespace RespProxy.Tests.Admin;

/// <summary>A real redis-server for all tests of a class.</summary>
public sealed class OneRedis : IAsyncLifetime
{
    private LocalRedis _redis = null!;

    public (string Host, int Port) Address => (_redis.Host, _redis.Port);

    public async ValueTask InitializeAsync() => _redis = await LocalRedis.StartAsync(new LocalRedisOptions());

    public ValueTask DisposeAsync() => _redis.DisposeAsync();
}
