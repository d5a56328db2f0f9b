using System.Diagnostics;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests;

/// <summary>Throwaway servers start, obey, and leave nothing behind.</summary>
public sealed class LocalRedisTests
{
    [Fact]
    public async Task A_server_without_a_password_answers_anybody()
    {
        await using LocalRedis server = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient client = await RespClient.ConnectAsync(server.Host, server.Port);
        Assert.Equal("PONG", (await client.CommandAsync("PING")).Text);
    }

    [Theory]
    [InlineData(null, "plain")]
    [InlineData("app", "with \"quotes\", a \\ and a #")]
    public async Task A_server_with_a_password_refuses_those_without(string? user, string password)
    {
        await using LocalRedis server = await LocalRedis.StartAsync(new LocalRedisOptions { Username = user, Password = password });
        await using RespClient stranger = await RespClient.ConnectAsync(server.Host, server.Port);
        Assert.StartsWith("NOAUTH", (await stranger.CommandAsync("PING")).Text, StringComparison.Ordinal);
        Assert.Equal("OK", (await stranger.CommandAsync("AUTH", user ?? "default", password)).Text);
        Assert.Equal("PONG", (await server.CommandAsync("PING")).Text);
    }

    [Fact]
    public async Task Extra_arguments_reach_the_server()
    {
        await using LocalRedis server = await LocalRedis.StartAsync(new LocalRedisOptions { ExtraArguments = ["--maxmemory", "10mb"] });
        Assert.Equal("10485760", (await server.CommandAsync("CONFIG", "GET", "maxmemory")).Items[1].Text);
    }

    [Fact]
    public async Task A_missing_executable_is_named()
    {
        var options = new LocalRedisOptions { RedisServerPath = "/nowhere/redis-server" };
        var error = await Assert.ThrowsAsync<LocalClusterException>(() => LocalRedis.StartAsync(options));
        Assert.Contains("/nowhere/redis-server", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_refuses_to_start_says_why()
    {
        var options = new LocalRedisOptions { ExtraArguments = ["--no-such-setting", "1"] };
        var error = await Assert.ThrowsAsync<LocalClusterException>(() => LocalRedis.StartAsync(options));
        Assert.Contains("no-such-setting", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_server_comes_back_empty_on_its_port()
    {
        await using LocalRedis server = await LocalRedis.StartAsync(new LocalRedisOptions());
        await server.CommandAsync("SET", "k", "v");
        await server.KillAsync();
        Assert.False(server.IsRunning);
        await Assert.ThrowsAsync<LocalClusterException>(() => server.CommandAsync("PING"));

        await server.RestartAsync();
        Assert.True((await server.CommandAsync("GET", "k")).IsNull);
    }

    [Fact]
    public async Task A_suspended_server_answers_when_resumed()
    {
        await using LocalRedis server = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient client = await RespClient.ConnectAsync(server.Host, server.Port);
        await client.CommandAsync("PING");

        server.Suspend();
        await client.SendAsync(Wire.Request("PING"));
        Assert.Equal('T', await StateAsync(server.Pid));

        server.Resume();
        Assert.Equal("PONG", (await client.ReadReplyAsync()).Tree.Text);
    }

    [Fact]
    public async Task Disposal_leaves_no_process_and_no_directory()
    {
        LocalRedis server = await LocalRedis.StartAsync(new LocalRedisOptions());
        (int pid, string log) = (server.Pid, server.LogPath);
        Assert.True(File.Exists(log));

        await server.DisposeAsync();
        Assert.False(Directory.Exists($"/proc/{pid}"));
        Assert.False(Directory.Exists(Path.GetDirectoryName(Path.GetDirectoryName(log))));
    }

    [Fact]
    public async Task Servers_die_with_a_parent_that_is_killed()
    {
        using Process parent = Programs.Start(Environment.ProcessPath!, [Program.HoldRedis]);
        int pid = int.Parse((await parent.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
        Assert.True(Directory.Exists($"/proc/{pid}"));

        parent.Kill();
        await Eventually.HoldsAsync("the server is gone", () => !Directory.Exists($"/proc/{pid}"));
    }

    /// <summary>The process's state letter in /proc (T: stopped by a signal), once it is no longer running or sleeping.</summary>
    private static async Task<char> StateAsync(int pid)
    {
        char state = ' ';
        await Eventually.HoldsAsync("the process is stopped", async () =>
        {
            string stat = await File.ReadAllTextAsync($"/proc/{pid}/stat");
            state = stat[stat.LastIndexOf(')') + 2];
            return state is not ('R' or 'S');
        });
        return state;
    }
}
