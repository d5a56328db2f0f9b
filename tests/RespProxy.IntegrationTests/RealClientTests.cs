namespace RespProxy.IntegrationTests;

/// <summary>Clients that people use, each with a round that verifies its own results (tests/clients).</summary>
public sealed class RealClientTests(Servers servers)
{
    private const string BenchmarkedCommands = "set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,mset";

    [Theory]
    [MemberData(nameof(Targets.Names), MemberType = typeof(Targets))]
    public async Task Ioredis_finds_a_plain_redis(string target) => await RunScriptAsync("node", "node/ioredis.js", target);

    [Theory]
    [MemberData(nameof(Targets.Names), MemberType = typeof(Targets))]
    public async Task Node_redis_in_RESP2_finds_a_plain_redis(string target) =>
        await RunScriptAsync("node", "node/node-redis.js", target, ("RESP", "2"));

    [Theory]
    [MemberData(nameof(Targets.Names), MemberType = typeof(Targets))]
    public async Task Node_redis_in_RESP3_finds_a_plain_redis(string target) =>
        await RunScriptAsync("node", "node/node-redis.js", target, ("RESP", "3"));

    [Theory]
    [MemberData(nameof(Targets.Names), MemberType = typeof(Targets))]
    public async Task Redis_py_finds_a_plain_redis(string target) =>
        await RunScriptAsync("/usr/bin/python3", "python/redis_py.py", target);

    [Theory]
    [MemberData(nameof(Targets.Names), MemberType = typeof(Targets))]
    public async Task Redis_cli_reads_what_it_wrote(string target)
    {
        string[] connection = await ConnectionOptionsAsync(target);
        string key = $"cli:{Guid.NewGuid():n}";
        string written = await Programs.RunAsync("redis-cli", [.. connection, "--no-auth-warning", "SET", key, "a value"]);
        string inResp3 = await Programs.RunAsync("redis-cli", [.. connection, "--no-auth-warning", "-3", "GET", key]);
        Assert.Equal("OK\n", written);
        Assert.Equal("a value\n", inResp3);
    }

    [Theory]
    [MemberData(nameof(Targets.Names), MemberType = typeof(Targets))]
    public async Task Redis_benchmark_ends_without_an_error(string target)
    {
        string[] arguments = ["-t", BenchmarkedCommands, "-P", "16", "-n", "5000", "-r", "1000", "-q"];
        string output = await Programs.RunAsync("redis-benchmark", [.. await ConnectionOptionsAsync(target), .. arguments]);
        Assert.DoesNotContain("error", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(BenchmarkedCommands.Split(',').Length, output.Split("requests per second").Length - 1);
    }

    private async Task RunScriptAsync(
        string interpreter, string script, string target, params (string Name, string Value)[] environment)
    {
        ClientEndpoint endpoint = await servers.EndpointAsync(target);
        string path = Path.Combine(Programs.RepoRoot, "tests", "clients", script);
        string[] arguments = [path, endpoint.Host, $"{endpoint.Port}", endpoint.Username ?? "", endpoint.Password ?? ""];
        string output = await Programs.RunAsync(interpreter, arguments, environment);
        Assert.Matches(@"^ok [1-9]\d* checks\s*$", output);
    }

    private async Task<string[]> ConnectionOptionsAsync(string target)
    {
        ClientEndpoint endpoint = await servers.EndpointAsync(target);
        string[] address = ["-h", endpoint.Host, "-p", $"{endpoint.Port}"];
        return endpoint switch
        {
            // -a, which redis-benchmark knows too; the environment's REDISCLI_AUTH only redis-cli reads.
            { Username: { } user, Password: { } password } => [.. address, "--user", user, "-a", password],
            _ => address,
        };
    }

}
