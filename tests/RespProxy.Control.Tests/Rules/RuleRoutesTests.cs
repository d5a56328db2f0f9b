using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control.Rules;

namespace RespProxy.Control.Tests.Rules;

public sealed class RuleRoutesTests : IAsyncLifetime
{
    private readonly RuleScene _scene = new();
    /// <summary>Asks first before it sends a long body: one that is refused unread would break the connection.</summary>
    private readonly HttpClient _client = new(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(20) });

    private LiveRules _rules = null!;
    private AdminEndpoint _endpoint = null!;

    public async ValueTask InitializeAsync()
    {
        _rules = await _scene.StartAsync();
        _endpoint = await AdminEndpoint.StartAsync(new AdminSnapshot { Host = "127.0.0.1", Port = 0 }, [new RuleRoutes(_rules)], NullLoggerFactory.Instance);
        _client.BaseAddress = _endpoint.Address;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _endpoint.DisposeAsync();
        await _rules.DisposeAsync();
        _scene.Dispose();
    }

    [Fact]
    public async Task A_rule_set_that_is_put_is_in_force_and_told_with_all_that_is_known_of_it()
    {
        (HttpStatusCode status, JsonElement put) = await CallAsync(HttpMethod.Put, "/api/v1/rules?author=ada&comment=more%20room", RuleScene.Databases(3));
        Assert.Equal((HttpStatusCode.OK, true, 2, 3), (status, put.GetProperty("changed").GetBoolean(), put.GetProperty("version").GetInt32(), _scene.RunningDatabases));

        using HttpResponseMessage shown = await _client.GetAsync(new Uri("/api/v1/rules", UriKind.Relative));
        Assert.Equal("\"2\"", shown.Headers.ETag!.Tag);
        JsonElement now = JsonDocument.Parse(await shown.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(
            ["2", RuleVersion.ChecksumOf(Encoding.UTF8.GetBytes(RuleScene.Databases(3))), "ada", "api", "more room", RuleScene.Databases(3), "0", "0"],
            ((string[])["version", "checksum", "author", "source", "comment", "yaml", "failures", "storeFailures"]).Select(name => now.GetProperty(name).ToString()));
        Assert.Equal(0, now.GetProperty("errors").GetArrayLength());
        Assert.False(now.TryGetProperty("fleet", out _));
    }

    [Fact]
    public async Task A_rule_set_with_errors_is_answered_with_all_of_them_and_they_stay_to_be_seen()
    {
        (HttpStatusCode status, JsonElement problem) = await CallAsync(HttpMethod.Put, "/api/v1/rules", "tenants: [{name: shop, databases: 0}]\nloops: 2");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        string[] errors = [.. problem.GetProperty("errors").EnumerateArray().Select(error => error.ToString())];
        Assert.Equal(["rule set:1:35", "rule set:2:1"], errors.Select(error => string.Join(':', error.Split(':')[..3])));
        Assert.Equal(16, _scene.RunningDatabases);
        (_, JsonElement now) = await CallAsync(HttpMethod.Get, "/api/v1/rules");
        Assert.Equal(errors, now.GetProperty("errors").EnumerateArray().Select(error => error.ToString()));
    }

    [Fact]
    public async Task A_check_says_what_a_put_would_and_changes_nothing()
    {
        (HttpStatusCode good, JsonElement answer) = await CallAsync(HttpMethod.Post, "/api/v1/rules/check", RuleScene.Databases(3));
        (HttpStatusCode bad, JsonElement problem) = await CallAsync(HttpMethod.Post, "/api/v1/rules/check", RuleScene.Databases(0));
        Assert.Equal((HttpStatusCode.OK, 64), (good, answer.GetProperty("checksum").GetString()!.Length));
        Assert.Equal((HttpStatusCode.BadRequest, 1), (bad, problem.GetProperty("errors").GetArrayLength()));
        Assert.Equal((1, 0), (_rules.Sets.Reading.InForce.Number, _rules.Sets.Reading.Failures));
    }

    [Theory]
    [InlineData("?expect=7", null)]
    [InlineData("", "\"7\"")]
    public async Task Who_expects_another_version_is_told_which_is_in_force(string query, string? match)
    {
        (HttpStatusCode status, JsonElement problem) = await CallAsync(HttpMethod.Put, "/api/v1/rules" + query, RuleScene.Databases(3), match);
        Assert.Equal((HttpStatusCode.Conflict, 16), (status, _scene.RunningDatabases));
        Assert.StartsWith("version 1 (", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        (status, _) = await CallAsync(HttpMethod.Put, "/api/v1/rules" + query.Replace('7', '1'), RuleScene.Databases(3), match?.Replace('7', '1'));
        Assert.Equal((HttpStatusCode.OK, 3), (status, _scene.RunningDatabases));
    }

    [Fact]
    public async Task The_history_tells_what_can_be_gone_back_to_and_a_rollback_does()
    {
        await CallAsync(HttpMethod.Put, "/api/v1/rules?author=ada", RuleScene.Databases(3));
        await CallAsync(HttpMethod.Put, "/api/v1/rules?author=bob", RuleScene.Databases(4));
        (_, JsonElement history) = await CallAsync(HttpMethod.Get, "/api/v1/rules/history");
        Assert.Equal(
            [(3, "bob", true), (2, "ada", false), (1, "", false)],
            history.GetProperty("versions").EnumerateArray().Select(version =>
                (version.GetProperty("version").GetInt32(), version.GetProperty("author").GetString()!, version.GetProperty("inForce").GetBoolean())));
        (_, JsonElement earlier) = await CallAsync(HttpMethod.Get, "/api/v1/rules/2");
        Assert.Equal(RuleScene.Databases(3), earlier.GetProperty("yaml").GetString());

        (HttpStatusCode status, JsonElement back) = await CallAsync(HttpMethod.Post, "/api/v1/rules/rollback?to=2");
        Assert.Equal((HttpStatusCode.OK, 4, "local", "rollback", 3), (status, back.GetProperty("version").GetInt32(), back.GetProperty("author").GetString(), back.GetProperty("source").GetString(), _scene.RunningDatabases));
    }

    [Theory]
    [InlineData("PUT", "/api/v1/rules?expect=x", 400)]
    [InlineData("PUT", "/api/v1/rules?expect=99999999999999999999", 400)]
    [InlineData("PUT", "/api/v1/rules?author=a%0Ab", 400)]
    [InlineData("POST", "/api/v1/rules/rollback", 400)]
    [InlineData("POST", "/api/v1/rules/rollback?to=-1", 400)]
    [InlineData("POST", "/api/v1/rules/rollback?to=9", 404)]
    [InlineData("GET", "/api/v1/rules/9", 404)]
    [InlineData("GET", "/api/v1/rules/x", 404)]
    [InlineData("DELETE", "/api/v1/rules", 405)]
    public async Task A_wrong_call_is_told_so_and_changes_nothing(string method, string path, int status)
    {
        (HttpStatusCode actual, _) = await CallAsync(new HttpMethod(method), path, method == "GET" ? null : RuleScene.Databases(3));
        Assert.Equal((status, 16), ((int)actual, _scene.RunningDatabases));
    }

    [Fact]
    public async Task A_body_that_is_no_text_or_too_long_is_refused()
    {
        using var invalid = new ByteArrayContent([0x74, 0xFF]);
        using HttpResponseMessage notText = await _client.PutAsync(new Uri("/api/v1/rules", UriKind.Relative), invalid);
        Assert.Equal(HttpStatusCode.BadRequest, notText.StatusCode);
        using var endless = new HttpRequestMessage(HttpMethod.Put, "/api/v1/rules") { Content = new ByteArrayContent(new byte[RuleRoutes.MaxBody + 1]) };
        endless.Headers.ExpectContinue = true;
        using HttpResponseMessage tooLong = await _client.SendAsync(endless);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLong.StatusCode);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> CallAsync(HttpMethod method, string path, string? body = null, string? match = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/yaml");
        if (match is not null) request.Headers.Add("If-Match", match);
        using HttpResponseMessage response = await _client.SendAsync(request);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }
}
