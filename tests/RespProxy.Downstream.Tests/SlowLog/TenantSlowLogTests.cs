using RespProxy.Configuration;
using RespProxy.Downstream.SlowLog;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Tests.SlowLog;

public sealed class TenantSlowLogTests
{
    [Theory]
    [InlineData(5, 128)]
    [InlineData(1000, 1000)]
    public void When_everything_is_slow_only_so_many_are_kept_in_a_second(int capacity, int expected)
    {
        var log = new TenantSlowLog(capacity);

        Assert.Equal(expected, Enumerable.Range(0, 5000).Count(_ => log.TryReserve(second: 7)));
        Assert.True(log.TryReserve(second: 8));
    }

    [Theory]
    [InlineData(5, 2048)]
    [InlineData(5000, 5000)]
    public void When_everything_is_slow_only_so_many_of_all_tenants_are_kept_in_a_second(int entries, int expected)
    {
        var logs = new SlowLogs(new SlowLogSnapshot { Entries = entries });
        Tenant[] tenants = [.. Enumerable.Range(0, 100).Select(i => new Tenant(new TenantSnapshot { Name = $"t{i}", Upstream = "main", Namespace = $"main@t{i}" }, upstreamIndex: 0))];

        Assert.Equal(expected, Enumerable.Range(0, 10_000).Count(i => logs.Reserve(tenants[i % tenants.Length], second: 7) is not null));
        Assert.Same(logs.Of(tenants[0]), logs.Reserve(tenants[0], second: 8));
    }

    [Fact]
    public void The_oldest_makes_room_and_numbers_go_on()
    {
        var log = new TenantSlowLog(2);
        for (int i = 0; i < 3; i++) log.Add(new SlowCommand(0, i, [], "", ""));
        Assert.Equal([2L, 1L], log.Newest(10).Select(entry => entry.Id));

        log.Clear();
        log.Add(new SlowCommand(0, 0, [], "", ""));
        Assert.Equal([3L], log.Newest(10).Select(entry => entry.Id));
    }
}
