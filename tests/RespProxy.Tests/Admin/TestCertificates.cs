using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RespProxy.Tests.Admin;

/// <summary>An authority and what it signs, as PEM files in a directory of its own.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("respproxy-tls-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
        Path = Write("ca.crt", _certificate.ExportCertificatePem());
    }

    public string Directory { get; }

    /// <summary>The authority's own certificate.</summary>
    public string Path { get; }

    public (string Certificate, string Key) Server() => Sign("server", ServerAuthentication, DateTimeOffset.UtcNow.AddDays(1));

    public (string Certificate, string Key) Client(string name) => Sign(name, ClientAuthentication, DateTimeOffset.UtcNow.AddDays(1));

    public (string Certificate, string Key) ExpiredClient(string name) => Sign(name, ClientAuthentication, DateTimeOffset.UtcNow.AddHours(-1));

    /// <summary>Signed by the authority, but not for clients.</summary>
    public (string Certificate, string Key) ServerAsClient() => Sign("not-a-client", ServerAuthentication, DateTimeOffset.UtcNow.AddDays(1));

    public void Dispose()
    {
        _certificate.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private (string Certificate, string Key) Sign(string name, string purpose, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse("127.0.0.2"));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(_certificate, DateTimeOffset.UtcNow.AddDays(-1), until, RandomNumberGenerator.GetBytes(8));
        return (Write($"{name}.crt", certificate.ExportCertificatePem()), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    private string Write(string name, string pem)
    {
        string path = System.IO.Path.Combine(Directory, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
