using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Reload;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Tenancy.Tenants;
using RespProxy.Testing.Proxy;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Tests.Local;

/// <summary>CLIENT KILL's filters, on sessions that no socket belongs to.</summary>
public sealed class ClientFilterTests : IAsyncLifetime
{
    private readonly LoopGroup _loops = LoopGroup.Start(TransportFlavor.Auto, 1);
    private readonly ClusterTopology _topology;
    private readonly ClientSession _self;
    private readonly ClientSession _sameTenant;
    private readonly ClientSession _otherTenant;
    private readonly ClientSession _nobody;

    public ClientFilterTests()
    {
        var upstream = new UpstreamSnapshot { Name = "cluster1", Seeds = [new NodeAddress("127.0.0.1", 1)] };
        var configuration = new ProxySnapshot { Upstreams = [upstream], Listeners = [], Tenants = [RunningProxy.Tenant("app1"), RunningProxy.Tenant("app2")] };
        var resolver = new NodeResolver(TimeProvider.System);
        _topology = new ClusterTopology(upstream, resolver, TimeProvider.System, NullLogger.Instance);
        var upstreamLoop = new UpstreamLoop(_loops.Loops[0], upstream, _topology, resolver, NullLogger.Instance);
        var tenants = new LiveTenants(new TenantDirectory(configuration));
        var loop = new ProxyLoop(
            _loops.Loops[0], configuration, tenants, new SessionRegistry(10, NullLogger.Instance), new ServerFacts(TimeProvider.System, new SlowLogs(configuration.SlowLog)), [upstreamLoop]);
        _self = Session(11, "app1");
        _sameTenant = Session(12, "app1");
        _otherTenant = Session(13, "app2");
        _nobody = Session(14, null);

        ClientSession Session(long id, string? tenant) => new(loop, new SessionOrigin("test", tenant), id);
    }

    [Fact]
    public void Without_filters_everyone_but_oneself_matches() => Assert.Equal([12L, 13, 14], Matched());

    [Fact]
    public void SKIPME_NO_includes_oneself() => Assert.Equal([11L, 12, 13, 14], Matched("SKIPME", "no"));

    [Theory]
    [InlineData(new[] { "ID", "12" }, new[] { 12L })]
    [InlineData(new[] { "id", "11" }, new long[0])]
    [InlineData(new[] { "ID", "11", "SKIPME", "no" }, new[] { 11L })]
    [InlineData(new[] { "USER", "app1", "ID", "12" }, new[] { 12L })]
    [InlineData(new[] { "ADDR", "10.0.0.1:1" }, new long[0])]
    [InlineData(new[] { "LADDR", "10.0.0.1:1" }, new long[0])]
    [InlineData(new[] { "TYPE", "normal" }, new[] { 12L, 13, 14 })]
    [InlineData(new[] { "TYPE", "pubsub" }, new long[0])]
    [InlineData(new[] { "TYPE", "pubsub", "TYPE", "normal" }, new long[0])]
    public void All_filters_given_must_match(string[] filters, long[] expected) => Assert.Equal(expected, Matched(filters));

    [Theory]
    [InlineData("ERR syntax error", "ID")]
    [InlineData("ERR syntax error", "NOSUCH", "1")]
    [InlineData("ERR syntax error", "SKIPME", "maybe")]
    [InlineData("ERR syntax error", "USER", "app1", "ID")]
    [InlineData("ERR No such user 'app2'", "USER", "app2")]
    [InlineData("ERR No such user 'APP1'", "USER", "APP1", "ID", "12")]
    [InlineData("ERR client-id should be greater than 0", "ID", "0")]
    [InlineData("ERR client-id should be greater than 0", "ID", "-1")]
    [InlineData("ERR client-id should be greater than 0", "ID", "twelve")]
    public void What_is_no_filter_is_refused(string expected, params string[] filters)
    {
        Assert.False(new ClientFilter().TryRead(new Requests(["CLIENT", "KILL", .. filters]).View, "app1", out string? error));
        Assert.Equal(expected, error);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _topology.DisposeAsync();
        _loops.Dispose();
    }

    private long[] Matched(params string[] filters)
    {
        var filter = new ClientFilter();
        Assert.True(filter.TryRead(new Requests(["CLIENT", "KILL", .. filters]).View, "app1", out _));
        return [.. new[] { _self, _sameTenant, _otherTenant, _nobody }.Where(client => filter.Matches(client, _self)).Select(client => client.Id)];
    }
}
