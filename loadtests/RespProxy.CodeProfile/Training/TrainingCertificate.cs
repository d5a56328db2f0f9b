using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RespProxy.CodeProfile.Training;

/// <summary>A certificate of 127.0.0.1's own, for a day.</summary>
internal static class TrainingCertificate
{
    public static async Task WriteAsync(string certificate, string key)
    {
        using RSA rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(certificate, made.ExportCertificatePem()).ConfigureAwait(false);
        await File.WriteAllTextAsync(key, rsa.ExportPkcs8PrivateKeyPem()).ConfigureAwait(false);
    }
}
