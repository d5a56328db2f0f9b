using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace RespProxy.Configuration.Loading;

/// <summary>Resolves secrets. Errors name the variable or the file, never what is in it.</summary>
internal sealed class SecretReader(IReadOnlyDictionary<string, string> environment, string directory, ErrorList errors)
{
    /// <summary>A password is short; a larger file is the wrong file.</summary>
    private const int MaxFileLength = 64 * 1024;

    /// <summary>A file that the configuration names, seen from where the configuration is.</summary>
    public string PathOf(string file) => Path.GetFullPath(Path.Combine(directory, file));

    /// <summary>The secret's text; null after an error.</summary>
    public string? ReadText(ConfigNode node, string path)
    {
        string? text = node switch
        {
            ScalarNode { IsNull: false } scalar => scalar.Text,
            MapNode { Entries: [{ Key: "env", Value: ScalarNode name }] } => FromEnvironment(name, path),
            MapNode { Entries: [{ Key: "file", Value: ScalarNode file }] } => FromFile(file, path),
            _ => null,
        };
        if (text is not "")
            return text;
        errors.Add(path, node.Origin, "the secret is empty");
        return null;
    }

    /// <summary>SHA-256 of the secret's UTF-8 bytes; null after an error.</summary>
    public ImmutableArray<byte>? ReadHash(ConfigNode node, string path)
    {
        if (node is MapNode { Entries: [{ Key: "sha256", Value: ScalarNode hex }] })
        {
            if (hex.Text.Length == 2 * SHA256.HashSizeInBytes && hex.Text.All(char.IsAsciiHexDigit))
                return ImmutableArray.Create(Convert.FromHexString(hex.Text));
            errors.Add(path, hex.Origin, "sha256 must be the 64 hexadecimal digits of the password's SHA-256");
            return null;
        }

        return ReadText(node, path) is { } text ? ImmutableArray.Create(SHA256.HashData(Encoding.UTF8.GetBytes(text))) : null;
    }

    private string? FromEnvironment(ScalarNode name, string path)
    {
        if (environment.TryGetValue(name.Text, out string? value))
            return value;
        errors.Add(path, name.Origin, $"environment variable {Suggestion.Quote(name.Text)} is not set");
        return null;
    }

    private string? FromFile(ScalarNode file, string path)
    {
        try
        {
            string full = Path.Combine(directory, file.Text);
            using FileStream stream = File.OpenRead(full);
            byte[] bytes = new byte[MaxFileLength + 1];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length <= MaxFileLength)
                return WithoutNewline(Encoding.UTF8.GetString(bytes, 0, length));
            errors.Add(path, file.Origin, $"file {Suggestion.Quote(file.Text)} is larger than {Values.FormatSize(MaxFileLength)}: not a password");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = exception is FileNotFoundException or DirectoryNotFoundException ? "does not exist" : "cannot be read";
            errors.Add(path, file.Origin, $"file {Suggestion.Quote(file.Text)} {reason}");
        }

        return null;
    }

    private static string WithoutNewline(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
}
