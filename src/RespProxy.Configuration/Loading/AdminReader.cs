using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RespProxy.Configuration.Loading;

/// <summary>Reads <c>admin</c>: where the endpoint binds, and who may call it.</summary>
internal sealed class AdminReader(SecretReader secrets)
{
    /// <summary>Shorter ones can be guessed: 16 characters of base64 are 96 random bits.</summary>
    private const int ShortestToken = 16;

    public AdminSnapshot Read(Section section)
    {
        var defaults = new AdminSnapshot();
        NodeAddress bind = ReadBind(section, new NodeAddress(defaults.Host, defaults.Port));
        return new AdminSnapshot
        {
            Enabled = section.Flag("enabled", defaults.Enabled),
            Host = bind.Host,
            Port = bind.Port,
            AllowLoopback = section.Flag("allowLoopback", defaults.AllowLoopback),
            MetricsToken = section.Flag("metricsToken", defaults.MetricsToken),
            Tokens = ReadTokens(section),
            Tls = section.Node("tls") is MapNode ? ReadTls(section.Child("tls")) : null,
        };
    }

    private static NodeAddress ReadBind(Section section, NodeAddress fallback)
    {
        if (section.Text("bind") is not { } text) return fallback;
        if (Values.ParseAddress(text, minPort: 0, out NodeAddress parsed) is not { } wrong) return parsed;
        section.Error("bind", $"{Suggestion.Quote(text)}: {wrong}");
        return fallback;
    }

    private ImmutableArray<AdminTokenSnapshot> ReadTokens(Section section)
    {
        var tokens = ImmutableArray.CreateBuilder<AdminTokenSnapshot>();
        foreach (Section each in section.Children("tokens"))
        {
            string name = each.RequiredText("name", "write one, as name: deployer; the log shows it") ?? "";
            if (each.Has("name") && !NamespaceRules.IsName(name))
                each.Error("name", $"{Suggestion.Quote(name)} may hold letters, digits, '.', '_' and '-' only");
            else if (tokens.Any(other => other.Name == name))
                each.Error("name", $"{Suggestion.Quote(name)} is another token's name too; names must be unique");
            AdminAccess access = each.Choice("access", AdminAccess.Read, ("read", AdminAccess.Read), ("write", AdminAccess.Write));
            if (ReadHash(each) is not { } hash) continue;
            if (tokens.FirstOrDefault(other => other.Hash.SequenceEqual(hash)) is { } same)
                each.Error("token", $"is that of {Suggestion.Quote(same.Name)} too; whose it is must be clear");
            tokens.Add(new AdminTokenSnapshot { Name = name, Hash = hash, Access = access });
        }

        return tokens.ToImmutable();
    }

    private ImmutableArray<byte>? ReadHash(Section section)
    {
        if (section.Node("token") is not { } node)
        {
            section.Error("token", "is missing; write {env: NAME}, {file: PATH} or {sha256: HEX}");
            return null;
        }

        string path = section.PathOf("token");
        if (node is MapNode { Entries: [{ Key: "sha256" }] }) return secrets.ReadHash(node, path);
        if (secrets.ReadText(node, path) is not { } text) return null;
        if (text.Length >= ShortestToken) return [.. SHA256.HashData(Encoding.UTF8.GetBytes(text))];
        section.Error("token", $"has less than {ShortestToken} characters and could be guessed; make one with: openssl rand -hex 32");
        return null;
    }

    /// <summary>The files are tried here, so that check-config and not the first start tells what is wrong with them.</summary>
    private AdminTlsSnapshot? ReadTls(Section section)
    {
        string? certificate = PathOf(section, "certificate");
        string? key = PathOf(section, "key");
        string? authorities = section.Has("clientCertificates") ? PathOf(section, "clientCertificates") : null;
        if (certificate is null || key is null) return null;
        Try(section, "certificate", () => X509Certificate2.CreateFromPemFile(certificate, key).Dispose());
        if (authorities is not null) Try(section, "clientCertificates", () => TryAuthorities(authorities));
        return new AdminTlsSnapshot { Certificate = certificate, Key = key, ClientCertificates = authorities };
    }

    private string? PathOf(Section section, string key)
    {
        if (section.RequiredText(key, "write the path of a PEM file") is not { } path) return null;
        if (path.Length > 0 && !path.Contains('\0', StringComparison.Ordinal)) return secrets.PathOf(path);
        section.Error(key, "is not a path");
        return null;
    }

    private static void TryAuthorities(string file)
    {
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPemFile(file);
        bool isEmpty = authorities.Count == 0;
        foreach (X509Certificate2 each in authorities) each.Dispose();
        if (isEmpty) throw new CryptographicException("there is no certificate in it");
    }

    private static void Try(Section section, string key, Action use)
    {
        try
        {
            use();
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            section.Error(key, $"cannot be used: {exception.Message}");
        }
    }
}
