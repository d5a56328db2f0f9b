using RespProxy.LocalCluster;

namespace RespProxy.FunctionalTests.Fleet;

/// <summary>A Redis for data, and a control Redis for tests that leave it as it is.</summary>
public sealed class FleetServers : IAsyncLifetime
{
    public LocalRedis Data { get; private set; } = null!;

    public LocalRedis Control { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Data = await LocalRedis.StartAsync(new LocalRedisOptions());
        Control = await LocalRedis.StartAsync(new LocalRedisOptions());
    }

    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        await Data.DisposeAsync();
    }
}
