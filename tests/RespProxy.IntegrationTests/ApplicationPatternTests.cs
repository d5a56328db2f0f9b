using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Testing.Proxy;

namespace RespProxy.IntegrationTests;

/// <summary>
/// What applications build on Redis, by the libraries that build it: each program verifies its own results (tests/clients), against a plain Redis, which proves
/// the program, and through the proxy.
/// </summary>
public sealed class ApplicationPatternTests(Servers servers)
{
    private const string Direct = "direct";
    private const string ProxyToStandalone = "proxy to standalone";
    private const string ProxyToCluster = "proxy to cluster";
    private const string Succeeded = @"^ok [1-9]\d* checks\s*$";
    private const string Python = "/usr/bin/python3";

    /// <summary>Until the table supports EVAL, what needs scripts runs against a plain Redis only.</summary>
    private static readonly bool ProxyRunsScripts = CommandTable.Find("EVAL"u8)!.Refusal == Refusal.None;

    public static TheoryData<string> All => [Direct, ProxyToStandalone, ProxyToCluster];

    public static TheoryData<string> WithScripts => ProxyRunsScripts ? All : [Direct];

    [Theory]
    [MemberData(nameof(All))]
    public Task Express_keeps_its_sessions_in_connect_redis(string target) => SucceedsAsync("node", "node/sessions.js", target);

    [Theory]
    [MemberData(nameof(All))]
    public Task Queues_like_Sidekiqs_lose_no_job_and_locks_have_one_holder(string target) => SucceedsAsync(Python, "python/queues.py", target);

    [Theory]
    [MemberData(nameof(WithScripts))]
    public Task Rate_limiter_flexible_admits_as_many_as_it_may(string target) => SucceedsAsync("node", "node/rate-limits.js", target);

    [Theory]
    [MemberData(nameof(WithScripts))]
    public Task Celery_runs_its_tasks_with_a_hash_tag_as_its_key_prefix(string target) => SucceedsAsync(Python, "python/celery_tasks.py", target);

    [Theory]
    [InlineData(Direct)]
    [InlineData(ProxyToStandalone)]
    public Task RQ_runs_its_jobs(string target) => SucceedsAsync(Python, "python/rq_jobs.py", target);

    [Fact]
    public Task RQ_whose_transactions_span_slots_is_refused_on_a_cluster() => FailsAsync(Python, "python/rq_jobs.py", ProxyToCluster, "CROSSSLOT");

    [Fact]
    public async Task RQ_runs_its_jobs_on_a_cluster_for_a_tenant_that_is_pinned_to_one_slot()
    {
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Cluster,
            [.. servers.Cluster.Nodes.Select(node => (node.Host, node.Port))],
            configuration => configuration with { Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Placement = KeyPlacement.Pinned })] });
        string output = await RunAsync(Python, "python/rq_jobs.py", ProxyToCluster, new ClientEndpoint("127.0.0.1", proxy.PortOf("app1")));
        Assert.Matches(Succeeded, output);
    }

    [Fact]
    public Task BullMQ_works_on_a_plain_redis() => SucceedsAsync("node", "node/bullmq.js", Direct);

    /// <summary>Its scripts build keys from a prefix: docs/decisions/bullmq.md.</summary>
    [Theory]
    [InlineData(ProxyToStandalone)]
    [InlineData(ProxyToCluster)]
    public Task BullMQ_fails_with_its_first_job_and_says_why(string target) =>
        FailsAsync("node", "node/bullmq.js", target, ProxyRunsScripts ? "can't access at least one of the keys" : "is not supported by this proxy yet");

    private async Task SucceedsAsync(string interpreter, string script, string target)
    {
        string output = await RunAsync(interpreter, script, target);
        Assert.Matches(Succeeded, output);
    }

    private async Task FailsAsync(string interpreter, string script, string target, string reason)
    {
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(interpreter, script, target));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string interpreter, string script, string target) =>
        await RunAsync(interpreter, script, target, await servers.EndpointAsync(target));

    private static async Task<string> RunAsync(string interpreter, string script, string target, ClientEndpoint endpoint)
    {
        string path = Path.Combine(Programs.RepoRoot, "tests", "clients", script);
        string[] arguments = [path, endpoint.Host, $"{endpoint.Port}", endpoint.Username ?? "", endpoint.Password ?? ""];
        (string Name, string Value)[] environment =
        [
            ("SCRIPTS", target == Direct || ProxyRunsScripts ? "yes" : "no"),
            ("BUILT_KEYS", target == Direct ? "yes" : "no"),
            ("CHORDS", target == ProxyToCluster ? "no" : "yes"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ];
        return await Programs.RunAsync(interpreter, arguments, environment);
    }
}
