using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Tests.Admin;

/// <summary>Client certificates in place of tokens.</summary>
public sealed class AdminTlsTests : IAsyncLifetime
{
    private readonly TestAuthority _ours = new("ours");
    private readonly TestAuthority _foreign = new("foreign");
    private AdminScene _scene = null!;

    public async ValueTask InitializeAsync()
    {
        (string certificate, string key) = _ours.Server();
        _scene = await AdminScene.StartAsync(admin => admin with
        {
            AllowLoopback = false,
            Tls = new AdminTlsSnapshot { Certificate = certificate, Key = key, ClientCertificates = _ours.Path },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _scene.DisposeAsync();
        _ours.Dispose();
        _foreign.Dispose();
    }

    [Fact]
    public async Task A_certificate_of_the_authority_is_as_good_as_a_write_token_and_its_subject_is_the_author()
    {
        using HttpClient client = ClientWith(_ours.Client("deployer"));

        using HttpResponseMessage response = await client.PutAsync("/api/v1/log/level", new StringContent("Error", Encoding.UTF8), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(_scene.Log, line => line.Contains("[6201] Admin API: CN=deployer from 127.0.0.1: PUT /api/v1/log/level", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_certificate_only_what_is_open_to_all_is_answered()
    {
        using HttpClient client = ClientWith(null);

        using HttpResponseMessage status = await client.GetAsync("/api/v1/status", TestContext.Current.CancellationToken);
        using HttpResponseMessage health = await client.GetAsync("/healthz", TestContext.Current.CancellationToken);

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.OK], [status.StatusCode, health.StatusCode]);
        Assert.Contains("client certificate", await status.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foreign")]
    [InlineData("expired")]
    [InlineData("server")]
    public async Task A_certificate_that_another_has_signed_or_that_is_expired_or_not_for_clients_ends_the_handshake(string kind)
    {
        using HttpClient client = ClientWith(kind switch
        {
            "foreign" => _foreign.Client("deployer"),
            "expired" => _ours.ExpiredClient("deployer"),
            _ => _ours.ServerAsClient(),
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/healthz", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Plain_HTTP_is_not_answered_there()
    {
        using var client = new HttpClient();
        var plain = new Uri($"http://127.0.0.2:{_scene.Endpoint.Address.Port}/healthz");

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(plain, TestContext.Current.CancellationToken));
    }

    private HttpClient ClientWith((string Certificate, string Key)? files)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(_ours.Path);
        var options = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        if (files is { } own)
        {
            // Shown whoever the server says that it would trust: what must refuse it is the server.
            X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(own.Certificate, own.Key);
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        return new HttpClient(new SocketsHttpHandler { SslOptions = options }) { BaseAddress = _scene.Endpoint.Address };
    }
}
