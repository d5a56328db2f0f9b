namespace RespProxy.Configuration.Tests;

public class SecretErrorTests
{
    private static string UpstreamPassword(string value) =>
        Loading.Minimal.Replace("- name: main", $"- name: main\n    password: {value}", StringComparison.Ordinal);

    [Theory]
    [InlineData("{env: NOT_SET}", "environment variable 'NOT_SET' is not set")]
    [InlineData("{file: /nowhere/password}", "file '/nowhere/password' does not exist")]
    [InlineData("{file: /}", "file '/' cannot be read")]
    [InlineData("\"\"", "the secret is empty")]
    [InlineData("", "expected a quoted text or one of {env: NAME}, {file: PATH}")]
    [InlineData("[a]", "expected a quoted text or one of {env: NAME}, {file: PATH}")]
    [InlineData("{}", "expected a quoted text or one of {env: NAME}, {file: PATH}")]
    [InlineData("{env: A, file: B}", "expected a quoted text or one of {env: NAME}, {file: PATH}")]
    [InlineData("{sha256: aa}", "expected a quoted text or one of {env: NAME}, {file: PATH}")]
    public void A_secret_that_cannot_be_had_says_why(string value, string error)
    {
        string told = Assert.Single(Loading.Errors(UpstreamPassword(value)));

        Assert.StartsWith("test.yaml:3:", told, StringComparison.Ordinal);
        Assert.EndsWith($": upstreams[0].password: {error}", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{sha256: abc}")]
    [InlineData("{sha256: zz884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8}")]
    public void A_hash_has_64_hexadecimal_digits(string value)
    {
        Assert.Equal(
            ["test.yaml:9:26: tenants[0].passwords[0]: sha256 must be the 64 hexadecimal digits of the password's SHA-256"],
            Loading.Errors(Loading.Minimal + $"\n    passwords: [{value}]"));
    }

    [Theory]
    [InlineData("{hunter2}")]
    [InlineData("{hunter2: hunter2}")]
    [InlineData("{hunter2: 1, hunter2: 2}")]
    [InlineData("{env: {hunter2: 1}}")]
    [InlineData("[hunter2]")]
    [InlineData("[[hunter2]]")]
    [InlineData("*hunter2")]
    [InlineData("&hunter2 x")]
    [InlineData("!hunter2 x")]
    [InlineData("@hunter2")]
    [InlineData("`hunter2")]
    [InlineData("%hunter2")]
    [InlineData("\"hunter2")]
    [InlineData("'hunter2' hunter2")]
    [InlineData("hunter2: hunter2")]
    [InlineData("{sha256: hunter2}")]
    [InlineData("\"\\hunter2\"")]
    public void A_secret_written_wrongly_is_not_repeated(string value)
    {
        string[] told =
        [
            .. Loading.Errors(UpstreamPassword(value)),
            .. Loading.Errors(Loading.Minimal + $"\n    passwords: [{value}, 1: 2: ]"),
        ];

        Assert.All(told, error => Assert.DoesNotContain("hunter", error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_secret_in_the_environment_is_not_repeated()
    {
        string[] told =
        [
            .. Loading.Errors(Loading.Minimal, new() { ["RESPPROXY_UPSTREAMS__0__PASWORD"] = "hunter2", ["RESPPROXY_UPSTREAMS__9__PASSWORD"] = "hunter2" }, "tenants.0.passwords=hunter2"),
        ];

        Assert.Equal(3, told.Length);
        Assert.All(told, error => Assert.DoesNotContain("hunter", error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_secret_file_that_is_far_too_large_is_refused()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, new string('x', 64 * 1024 + 1));

            Assert.EndsWith("is larger than 64kb: not a password", Assert.Single(Loading.Errors(UpstreamPassword($"{{file: {file}}}"))), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
