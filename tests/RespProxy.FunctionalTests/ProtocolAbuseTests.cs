using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>What is no RESP costs its sender the connection, after an error in Redis's own words, and nobody else anything.</summary>
public sealed class ProtocolAbuseTests
{
    public static TheoryData<string, string> Abuses => new()
    {
        { "*-2\r\n*1x\r\n", "invalid multibulk length" },
        { "*99999999999999999999\r\n", "invalid multibulk length" },
        { "*1048577\r\n", "invalid multibulk length" },
        { "*1\r\n$-1\r\n", "invalid bulk length" },
        { "*1\r\n$-99\r\n", "invalid bulk length" },
        { "*1\r\n$1073741824\r\n", "invalid bulk length" },
        { "*1\r\n$99999999999999999999\r\n", "invalid bulk length" },
        { "*1\r\n:1\r\n", "expected '$', got ':'" },
        { "*2\r\n$3\r\nGET\r\n*1\r\n", "expected '$', got '*'" },
        { "*1\r\n$4\r\nPINGxx", "expected CRLF after an argument" },
        { "SET \"k\r\n", "unbalanced quotes in request" },
    };

    [Theory]
    [MemberData(nameof(Abuses))]
    public async Task What_breaks_the_protocol_is_answered_with_redis_words_and_closed(string bytes, string text)
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        byte[] requests = [.. Scene.Requests("GET k"), .. Wire.Bytes(bytes)];
        await client.SendAsync(requests);

        Assert.Equal(["$1\r\nk\r\n", $"-ERR Protocol error: {text}\r\n"], await client.WiresAsync(2));
        Assert.Empty(await client.ReadToEndAsync());
        await Eventually.HoldsAsync("it is forgotten", () => ClientFaultTests.Clients(proxy) == 0);
        await using RespClient next = await proxy.ConnectAsync();
        Assert.Equal(["+PONG\r\n"], await next.PipelineAsync("PING"));
    }

    [Fact]
    public async Task An_inline_request_without_an_end_is_refused_at_64_kib()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        await client.SendAsync(Wire.Bytes(new string('x', 70_000)));

        Assert.Equal("-ERR Protocol error: too big inline request\r\n", Wire.Text(await client.ReadToEndAsync()));
    }

    [Theory]
    [InlineData("*11\r\n", "unauthenticated multibulk length")]
    [InlineData("*2\r\n$4\r\nAUTH\r\n$16385\r\n", "unauthenticated bulk length")]
    public async Task Before_authentication_the_limits_are_tight(string bytes, string text)
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);

        await client.SendAsync(Wire.Bytes(bytes));

        Assert.Equal($"-ERR Protocol error: {text}\r\n", Wire.Text(await client.ReadToEndAsync()));
    }

    [Fact]
    public async Task Who_does_not_authenticate_in_time_is_closed()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(node, limits => limits with { AuthenticationTimeout = Scene.ShortTimeout });
        await using RespClient idle = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        await using RespClient known = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        await using RespClient open = await proxy.ConnectAsync();
        (await known.CommandAsync("AUTH", "app1", RunningProxy.PasswordOf("app1"))).OrThrow();

        Assert.Empty(await idle.ReadToEndAsync());
        Assert.Equal(["+PONG\r\n"], await known.PipelineAsync("PING"));
        Assert.Equal(["+PONG\r\n"], await open.PipelineAsync("PING"));
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k stolen\r\n")]
    [InlineData("Host: localhost\r\n\r\nSET k stolen\r\n")]
    public async Task An_http_request_runs_nothing(string bytes)
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await proxy.ConnectedAsync(nodes: 1);
        await using RespClient browser = await proxy.ConnectAsync();

        await browser.SendAsync(Wire.Bytes(bytes));

        Assert.Empty(await browser.ReadToEndAsync());

        // What the browser had smuggled in would have gone before this over the same connection.
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal(["$1\r\nk\r\n"], await client.PipelineAsync("GET k"));
        Assert.Equal(0, node.CountOf("SET"));
    }

    [Fact]
    public async Task A_request_that_trickles_in_byte_by_byte_is_answered()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();
        byte[] bytes = [.. Scene.Requests("MGET a b c"), .. Wire.Bytes("get  \"k\"\r\n\r\n*0\r\n*-1\r\n"), .. Scene.Requests("PING")];

        foreach (byte one in bytes) await client.SendAsync(new[] { one });

        Assert.Equal(["*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", "$1\r\nk\r\n", "+PONG\r\n"], await client.WiresAsync(3));
    }

    [Fact]
    public async Task A_claim_of_half_a_gigabyte_costs_no_memory_before_the_bytes_come()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient other = await proxy.ConnectAsync();
        await other.PipelineAsync("PING");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        RespClient[] claimants = [.. await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => proxy.ConnectAsync()))];

        foreach (RespClient claimant in claimants) await claimant.SendAsync(Wire.Bytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nxxxx"));
        await Eventually.HoldsAsync("all are connected", () => ClientFaultTests.Clients(proxy) == 51);
        Assert.Equal(["+PONG\r\n"], await other.PipelineAsync("PING"));

        // Each test client has an input buffer of 64 KiB itself.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 50 * 200_000);
        foreach (RespClient claimant in claimants) await claimant.DisposeAsync();
    }

    [Fact]
    public async Task A_request_larger_than_the_query_buffer_closes_its_client()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(node, limits => limits with { ClientQueryBuffer = 1_000_000 });
        await using RespClient client = await proxy.ConnectAsync();

        await client.SendAsync(Wire.Bytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2000000\r\nxxxx"));

        Assert.Empty(await client.ReadToEndAsync());
        Assert.Equal(0, node.CountOf("SET"));
    }
}
