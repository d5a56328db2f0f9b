using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>AUTH, HELLO, RESET, SELECT, QUIT: who a client is, and from which request on.</summary>
public sealed class IdentityTests : IAsyncLifetime
{
    private const string NoAuth = "-NOAUTH Authentication required.\r\n";
    private const string WrongPass = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

    // Tells which key it was asked for: the namespace is in it.
    private readonly FakeNode _node = Scene.Standalone(request => FakeAnswer.Send(Wire.Integer(request.Argument(1).Contains("app1", StringComparison.Ordinal) ? 1 : 2)));
    private RunningProxy _proxy = null!;
    private RespClient _shared = null!;
    private RespClient _open = null!;

    public async ValueTask InitializeAsync()
    {
        _proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, _node);
        _shared = await RespClient.ConnectAsync("127.0.0.1", _proxy.SharedPort);
        _open = await _proxy.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _shared.DisposeAsync();
        await _open.DisposeAsync();
        await _proxy.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Before_authentication_nothing_is_run_or_told()
    {
        string[] requests =
        [
            "GET k", "PING", "INFO", "COMMAND COUNT", "CLIENT LIST", "CLIENT ID", "CONFIG GET *", "SELECT 0", "ECHO x", "TIME", "NOSUCH", "KEYS *", "EVAL x 0", "SUBSCRIBE c",
        ];
        Assert.All(await _shared.PipelineAsync(requests), reply => Assert.Equal(NoAuth, reply));
        Assert.StartsWith("-NOAUTH HELLO must be called", (await _shared.PipelineAsync("HELLO 3"))[0], StringComparison.Ordinal);
        Assert.Equal(0, _node.CountOf("GET"));
    }

    [Theory]
    [InlineData("AUTH app1 wrong")]
    [InlineData("AUTH wrong")]
    [InlineData("AUTH nobody app1-secret")]
    [InlineData("AUTH app2 app1-secret")]
    [InlineData("HELLO 2 AUTH app1 wrong")]
    [InlineData("HELLO 3 AUTH app1 wrong SETNAME x")]
    public async Task A_wrong_password_gives_nothing(string request)
    {
        Assert.Equal([WrongPass, NoAuth], await _shared.PipelineAsync(request, "GET k"));
        Assert.Equal(1, _proxy.Server.ReadCounters().AuthenticationFailures);
    }

    [Fact]
    public async Task A_failed_auth_leaves_the_client_who_it_was()
    {
        Assert.Equal(["+OK\r\n", WrongPass, ":1\r\n"], await _shared.PipelineAsync("AUTH app1 app1-secret", "AUTH app2 wrong", "INCR k"));
    }

    [Fact]
    public async Task A_password_alone_names_its_tenant()
    {
        Assert.Equal(["+OK\r\n", ":2\r\n", "$4\r\napp2\r\n"], await _shared.PipelineAsync("AUTH app2-secret", "INCR k", "ACL WHOAMI"));
    }

    [Fact]
    public async Task A_second_auth_in_a_pipeline_changes_the_tenant_of_later_requests_only()
    {
        string[] replies = await _shared.PipelineAsync(
            "AUTH app1 app1-secret", "INCR k", "INCR k", "AUTH app2 app2-secret", "INCR k", "HELLO 2 AUTH app1 app1-secret", "INCR k");

        Assert.Equal(["+OK\r\n", ":1\r\n", ":1\r\n", "+OK\r\n", ":2\r\n"], replies[..5]);
        Assert.Equal(":1\r\n", replies[6]);
        Assert.Equal(
            ["cluster1@app1:k", "cluster1@app1:k", "cluster1@app2:k", "cluster1@app1:k"],
            _node.Requests.Where(request => request.Command == "INCR").Select(request => request.Argument(1)));
    }

    [Fact]
    public async Task Hello_3_in_the_middle_of_a_pipeline_changes_the_protocol_from_there_on()
    {
        string[] replies = await _open.PipelineAsync("CLIENT GETNAME", "INCR k", "HELLO 3", "CLIENT GETNAME", "INCR k", "HELLO 2", "CLIENT GETNAME");

        Assert.Equal(["$-1\r\n", ":1\r\n"], replies[..2]);
        Assert.StartsWith("%7\r\n", replies[2], StringComparison.Ordinal);
        Assert.Equal(["_\r\n", ":1\r\n"], replies[3..5]);
        Assert.StartsWith("*14\r\n", replies[5], StringComparison.Ordinal);
        Assert.Equal("$-1\r\n", replies[6]);
    }

    [Theory]
    [InlineData("HELLO 4", "-NOPROTO unsupported protocol version\r\n")]
    [InlineData("HELLO 1", "-NOPROTO unsupported protocol version\r\n")]
    [InlineData("HELLO x", "-ERR Protocol version is not an integer or out of range\r\n")]
    [InlineData("HELLO 3 AUTH app1", "-ERR Syntax error in HELLO option 'AUTH'\r\n")]
    [InlineData("HELLO 3 SETNAME", "-ERR Syntax error in HELLO option 'SETNAME'\r\n")]
    [InlineData("HELLO 3 SETNAME bad\nname", "-ERR Client names cannot contain spaces, newlines or special characters.\r\n")]
    public async Task A_hello_that_fails_changes_nothing(string request, string error)
    {
        Assert.Equal([error, "$-1\r\n"], await _open.PipelineAsync(request, "CLIENT GETNAME"));
    }

    [Fact]
    public async Task A_hello_with_a_bad_name_does_not_authenticate()
    {
        string[] replies = await _shared.PipelineAsync("HELLO 3 AUTH app1 app1-secret SETNAME bad\nname", "INCR k");

        Assert.Equal(["-ERR Client names cannot contain spaces, newlines or special characters.\r\n", NoAuth], replies);
    }

    [Fact]
    public async Task Reset_forgets_tenant_name_and_protocol()
    {
        await _shared.PipelineAsync("HELLO 3 AUTH app1 app1-secret SETNAME me");
        Assert.Equal(["$2\r\nme\r\n", "+RESET\r\n", NoAuth], await _shared.PipelineAsync("CLIENT GETNAME", "RESET", "GET k"));

        // Where the listener names the tenant, RESET goes back to that one.
        Assert.Equal(["+OK\r\n", ":2\r\n", "+RESET\r\n", ":1\r\n"], await _open.PipelineAsync("AUTH app2 app2-secret", "INCR k", "RESET", "INCR k"));
    }

    [Fact]
    public async Task Only_databases_that_the_tenant_has_can_be_selected()
    {
        Assert.Equal(
            ["+OK\r\n", "+OK\r\n", "-ERR DB index is out of range\r\n", "-ERR DB index is out of range\r\n", "-ERR value is not an integer or out of range\r\n"],
            await _open.PipelineAsync("SELECT 0", "SELECT 15", "SELECT 16", "SELECT -1", "SELECT x"));
    }

    [Fact]
    public async Task Quit_is_answered_after_everything_asked_before_it_and_ends_the_connection()
    {
        await _open.SendAsync(Scene.Requests("INCR k", "PING", "QUIT", "INCR after"));

        Assert.Equal(":1\r\n+PONG\r\n+OK\r\n", Wire.Text(await _open.ReadToEndAsync()));
        Assert.Equal(1, _node.CountOf("INCR"));
    }
}
