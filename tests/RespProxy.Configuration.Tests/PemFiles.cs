using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RespProxy.Configuration.Tests;

/// <summary>A certificate and its key as files. Left in the system's temporary directory.</summary>
internal sealed record PemFiles(string Certificate, string Key)
{
    public static PemFiles Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=admin", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string directory = Directory.CreateTempSubdirectory("respproxy-pem-").FullName;
        var files = new PemFiles(Path.Combine(directory, "admin.crt"), Path.Combine(directory, "admin.key"));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        return files;
    }
}
