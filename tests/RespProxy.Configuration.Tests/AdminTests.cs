using System.Security.Cryptography;
using System.Text;

namespace RespProxy.Configuration.Tests;

/// <summary>The section <c>admin</c>.</summary>
public sealed class AdminTests
{
    private const string Token = "0123456789abcdef";

    private static readonly string HexOfToken = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)));

    private static AdminSnapshot Read(string section, Dictionary<string, string>? environment = null) => Loading.Valid(Loading.With($"admin: {section}"), environment).Admin;

    [Fact]
    public void Without_a_word_callers_of_this_machine_may_and_there_are_no_tokens()
    {
        AdminSnapshot admin = Read("{}");

        Assert.True(admin.AllowLoopback);
        Assert.False(admin.MetricsToken);
        Assert.Empty(admin.Tokens);
        Assert.Null(admin.Tls);
    }

    [Fact]
    public void A_token_is_kept_as_its_hash_wherever_it_is_from_and_may_read_unless_it_says_more()
    {
        AdminSnapshot ofText = Read($"{{tokens: [{{name: a, token: {Token}}}]}}");
        AdminSnapshot ofVariable = Read("{tokens: [{name: a, token: {env: T}, access: write}]}", new() { ["T"] = Token });
        AdminSnapshot ofHash = Read($"{{tokens: [{{name: a, token: {{sha256: {HexOfToken}}}}}]}}");

        Assert.Equal(HexOfToken, Convert.ToHexStringLower(ofText.Tokens[0].Hash.AsSpan()));
        Assert.Equal(ofText.Tokens[0].Hash, ofVariable.Tokens[0].Hash);
        Assert.Equal(ofText, ofHash);
        Assert.Equal(AdminAccess.Read, ofText.Tokens[0].Access);
        Assert.Equal(AdminAccess.Write, ofVariable.Tokens[0].Access);
    }

    [Fact]
    public void Neither_a_token_nor_its_hash_is_in_what_is_printed_of_a_configuration()
    {
        AdminSnapshot admin = Read($"{{tokens: [{{name: a, token: {Token}}}]}}");

        Assert.DoesNotContain(Token, admin.Tokens[0].ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(HexOfToken, admin.Tokens[0].ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Hash", admin.Tokens[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Certificates_are_tried_when_the_configuration_is_read()
    {
        PemFiles files = PemFiles.Make();

        AdminSnapshot valid = Read($"{{tls: {{certificate: {files.Certificate}, key: {files.Key}, clientCertificates: {files.Certificate}}}}}");
        string swapped = Assert.Single(Loading.Errors(Loading.With($"admin: {{tls: {{certificate: {files.Key}, key: {files.Key}}}}}")));
        string noAuthority = Assert.Single(Loading.Errors(Loading.With($"admin: {{tls: {{certificate: {files.Certificate}, key: {files.Key}, clientCertificates: {files.Key}}}}}")));
        string missing = Assert.Single(Loading.Errors(Loading.With("admin: {tls: {certificate: /nowhere.crt, key: /nowhere.key}}")));

        Assert.Equal(new AdminTlsSnapshot { Certificate = files.Certificate, Key = files.Key, ClientCertificates = files.Certificate }, valid.Tls);
        Assert.Contains("admin.tls.certificate: cannot be used: ", swapped, StringComparison.Ordinal);
        Assert.EndsWith("admin.tls.clientCertificates: cannot be used: there is no certificate in it", noAuthority, StringComparison.Ordinal);
        Assert.Contains("admin.tls.certificate: cannot be used: ", missing, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_client_of_the_API_reads_from_the_environment_is_not_taken_for_a_key_of_the_configuration() =>
        Loading.Valid(Loading.Minimal, new() { ["RESPPROXY_CTL_TOKEN"] = Token, ["RESPPROXY_CTL_URL"] = "http://127.0.0.1:9180" });
}
