using System.CommandLine;
using System.Globalization;

namespace RespProxy.Verbs.Ctl;

/// <summary>The options of every <c>respproxy ctl</c>: which proxy, as whom, and how to show it.</summary>
internal static class CtlOptions
{
    private const string UrlVariable = "RESPPROXY_CTL_URL";
    private const string TokenVariable = "RESPPROXY_CTL_TOKEN";

    public static readonly Option<string?> Url = new("--url")
    {
        Description = $"The proxy's admin endpoint. Default: {UrlVariable}, else http://127.0.0.1:9180.",
        HelpName = "URL",
        Recursive = true,
    };

    public static readonly Option<string?> Token = new("--token")
    {
        Description = $"A token of admin.tokens; others on this machine can see it in the list of processes. Default: {TokenVariable}.",
        HelpName = "TOKEN",
        Recursive = true,
    };

    public static readonly Option<string?> TokenFile = new("--token-file")
    {
        Description = "A file with the token.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<string?> Certificate = new("--cert")
    {
        Description = "A client certificate (PEM), in place of a token.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<string?> Key = new("--key")
    {
        Description = "The client certificate's key (PEM).",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<string?> Authority = new("--ca")
    {
        Description = "Authorities (PEM) that the proxy's certificate must be signed by. Default: those of the system.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print what the API answers.",
        Recursive = true,
    };

    public static readonly Option<double?> Watch = new("--watch", "-w")
    {
        Description = "Show it again every so many seconds, until interrupted.",
        HelpName = "SECONDS",
        Recursive = true,
    };

    /// <summary>The proxy to talk to.</summary>
    /// <exception cref="CtlException">The options are wrong.</exception>
    public static CtlTarget TargetOf(ParseResult parsed)
    {
        string url = parsed.GetValue(Url) ?? NonEmpty(UrlVariable) ?? "http://127.0.0.1:9180";
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            throw Wrong("--url must be http://host:port or https://host:port");
        (string? certificate, string? key) = (parsed.GetValue(Certificate), parsed.GetValue(Key));
        if (certificate is null != (key is null)) throw Wrong("--cert and --key go together");
        if (certificate is not null && address.Scheme != Uri.UriSchemeHttps) throw Wrong("--cert needs an https URL");
        return new CtlTarget(address, TokenOf(parsed), certificate, key, parsed.GetValue(Authority));
    }

    /// <summary>Time between two looks; null: one is enough.</summary>
    public static TimeSpan? PeriodOf(ParseResult parsed)
    {
        if (parsed.GetValue(Watch) is not { } seconds) return null;
        return seconds is >= 0.1 and <= 86_400 ? TimeSpan.FromSeconds(seconds) : throw Wrong("--watch must be 0.1 to 86400 seconds");
    }

    private static string? TokenOf(ParseResult parsed)
    {
        if (parsed.GetValue(TokenFile) is not { } file) return parsed.GetValue(Token) ?? NonEmpty(TokenVariable);
        if (parsed.GetValue(Token) is not null) throw Wrong("give one of --token and --token-file");
        return CtlFiles.ReadText(file, "--token-file").Trim();
    }

    private static string? NonEmpty(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    private static CtlException Wrong(string message) => new(message, ExitCode.BadConfiguration);
}

/// <summary>Which proxy, and what to show it. Paths are those of PEM files.</summary>
internal sealed record CtlTarget(Uri Url, string? Token, string? Certificate, string? Key, string? Authority);

/// <summary>Files that the command line names.</summary>
internal static class CtlFiles
{
    /// <summary>As long as a configuration may be.</summary>
    private const int MaxLength = 16 * 1024 * 1024;

    /// <summary>The file's text; <c>-</c> is standard input.</summary>
    /// <exception cref="CtlException">It cannot be read.</exception>
    public static string ReadText(string file, string whose)
    {
        try
        {
            if (file == "-") return Console.In.ReadToEnd();
            if (new FileInfo(file) is { Exists: true, Length: > MaxLength }) throw new IOException(string.Create(CultureInfo.InvariantCulture, $"it is longer than {MaxLength} bytes"));
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CtlException($"{whose}: {file} cannot be read: {exception.Message}", ExitCode.BadConfiguration);
        }
    }
}
