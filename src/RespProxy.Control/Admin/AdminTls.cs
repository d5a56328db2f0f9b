using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using RespProxy.Configuration;

namespace RespProxy.Control.Admin;

/// <summary>TLS of the admin endpoint. A client certificate is asked for where an authority is configured; one that it has not signed ends the handshake.</summary>
internal sealed class AdminTls
{
    /// <summary>id-kp-clientAuth of RFC 5280: a certificate that says what it is for must say this.</summary>
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _intermediates = [];
    private readonly X509Certificate2Collection? _authorities;

    /// <exception cref="CryptographicException">A file is not what it should be. The configuration's reader has tried them, but they may have changed.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public AdminTls(AdminTlsSnapshot configuration)
    {
        _certificate = X509Certificate2.CreateFromPemFile(configuration.Certificate, configuration.Key);
        _intermediates.ImportFromPemFile(configuration.Certificate);
        if (configuration.ClientCertificates is null) return;
        _authorities = [];
        _authorities.ImportFromPemFile(configuration.ClientCertificates);
    }

    public void Use(ListenOptions listen) => listen.UseHttps(new HttpsConnectionAdapterOptions
    {
        ServerCertificate = _certificate,
        ServerCertificateChain = _intermediates,
        ClientCertificateMode = _authorities is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.AllowCertificate,
        ClientCertificateValidation = (certificate, chain, _) => IsOurs(certificate, chain),
    });

    private bool IsOurs(X509Certificate2 certificate, X509Chain? offered)
    {
        if (_authorities is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(ClientAuthentication);
        // Nothing is fetched: whoever connects could name the address.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (offered is not null) chain.ChainPolicy.ExtraStore.AddRange(offered.ChainPolicy.ExtraStore);
        return chain.Build(certificate);
    }
}
