using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Configuration;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

public class NodeResolverTests
{
    private static readonly NodeAddress Named = new("node.test", 6379);
    private readonly FakeTimeProvider _time = new();
    private readonly NodeResolver _resolver;
    private IPAddress[] _answer = [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("fd00::1")];
    private int _lookups;

    public NodeResolverTests() => _resolver = new NodeResolver(_time, (_, _) =>
    {
        _lookups++;
        return Task.FromResult(_answer);
    });

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("fd00::7")]
    public async Task An_address_needs_no_look_up(string host)
    {
        ValueTask<IPEndPoint> resolving = _resolver.ResolveAsync(new NodeAddress(host, 7000), cancellation: TestContext.Current.CancellationToken);
        Assert.True(resolving.IsCompletedSuccessfully);
        Assert.Equal(new IPEndPoint(IPAddress.Parse(host), 7000), await resolving);
        Assert.Equal(0, _lookups);
    }

    [Fact]
    public async Task A_burst_of_reconnects_shares_one_look_up()
    {
        for (int i = 0; i < 10; i++) await FirstAsync();
        Assert.Equal(1, _lookups);
    }

    [Fact]
    public async Task A_name_is_looked_up_anew_when_the_answer_is_old_or_forgotten()
    {
        await FirstAsync();
        _answer = [IPAddress.Parse("10.0.0.2")];
        _time.Advance(NodeResolver.FreshFor);
        Assert.Equal("10.0.0.2", (await FirstAsync()).Address.ToString());
        _answer = [IPAddress.Parse("10.0.0.3")];
        _resolver.Forget(Named.Host);
        Assert.Equal("10.0.0.3", (await FirstAsync()).Address.ToString());
        Assert.Equal(3, _lookups);
    }

    [Fact]
    public async Task Failed_attempts_go_round_the_addresses()
    {
        var hosts = new List<string>();
        for (int attempt = 0; attempt < 3; attempt++)
            hosts.Add((await _resolver.ResolveAsync(Named, attempt, TestContext.Current.CancellationToken)).Address.ToString());
        Assert.Equal(["10.0.0.1", "fd00::1", "10.0.0.1"], hosts);
    }

    [Fact]
    public async Task A_name_without_addresses_does_not_resolve()
    {
        _answer = [];
        await Assert.ThrowsAsync<SocketException>(async () => await FirstAsync());
    }

    private ValueTask<IPEndPoint> FirstAsync() => _resolver.ResolveAsync(Named, cancellation: TestContext.Current.CancellationToken);
}
