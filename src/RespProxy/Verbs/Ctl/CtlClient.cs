using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>Talks to a proxy's admin API. Whatever goes wrong is a <see cref="CtlException"/> that says what to do.</summary>
internal sealed class CtlClient : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly CtlTarget _target;
    private readonly HttpClient _http;

    /// <exception cref="CtlException">A certificate cannot be used.</exception>
    public CtlClient(CtlTarget target)
    {
        _target = target;
        // The proxy is reached as it is written: neither through the environment's HTTP proxy nor along redirects, which would see the token.
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        if (target.Url.Scheme == Uri.UriSchemeHttps) handler.SslOptions = TlsOf(target);
        _http = new HttpClient(handler) { BaseAddress = target.Url, Timeout = Timeout };
        if (target.Token is { } token) _http.DefaultRequestHeaders.Authorization = HeaderOf(token);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Calls, and answers with the body of a success; null where it is empty.</summary>
    /// <param name="method">GET, ...</param>
    /// <param name="path">Behind the URL's authority: <c>/api/v1/status</c>.</param>
    /// <param name="body">Sent as YAML or text; null for none.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CtlException">The proxy cannot be reached, or refuses.</exception>
    public async Task<CtlAnswer> CallAsync(HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, path.Contains("/rules", StringComparison.Ordinal) ? "application/yaml" : "text/plain");
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
            string text = await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? new CtlAnswer(text, JsonOf(text)) : throw RefusalOf(response.StatusCode, JsonOf(text));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new CtlException(WhyNotReached(exception));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CtlException($"{Where} has not answered within {Timeout.TotalSeconds:0} seconds");
        }
    }

    private string Where => _target.Url.GetLeftPart(UriPartial.Authority);

    private static AuthenticationHeaderValue HeaderOf(string token)
    {
        if (token.Length > 0 && token.All(c => c is > ' ' and <= '~')) return new AuthenticationHeaderValue("Bearer", token);
        throw new CtlException("the token must be printable ASCII without spaces", ExitCode.BadConfiguration);
    }

    private static SslClientAuthenticationOptions TlsOf(CtlTarget target)
    {
        try
        {
            var options = new SslClientAuthenticationOptions { TargetHost = target.Url.DnsSafeHost };
            if (target.Certificate is not null) options.ClientCertificates = [X509Certificate2.CreateFromPemFile(target.Certificate, target.Key)];
            if (target.Authority is null) return options;
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(target.Authority);
            options.CertificateChainPolicy = policy;
            return options;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CtlException($"--cert, --key or --ca cannot be used: {exception.Message}", ExitCode.BadConfiguration);
        }
    }

    private static JsonElement? JsonOf(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A configuration that is wrong is told as check-config tells it, and ends with the same exit code.</summary>
    private CtlException RefusalOf(HttpStatusCode status, JsonElement? problem)
    {
        var text = new StringBuilder($"{Where} refused ({(int)status}): {problem?.Text("detail") ?? status.ToString()}");
        foreach (JsonElement error in problem?.List("errors") ?? []) text.Append("\n  ").Append(error.ValueKind == JsonValueKind.String ? error.GetString() : error.GetRawText());
        bool isWrong = status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity;
        string hint = status switch
        {
            HttpStatusCode.Unauthorized => "\nGive a token with --token-file FILE, or RESPPROXY_CTL_TOKEN.",
            _ when problem is null => "\nIs that a RespProxy's admin endpoint (admin.bind), of this version?",
            _ => "",
        };
        return new CtlException(text.Append(hint).ToString(), isWrong ? ExitCode.BadConfiguration : ExitCode.Failure);
    }

    private string WhyNotReached(Exception exception) => exception.InnerException switch
    {
        SocketException socket => $"cannot reach {Where}: {socket.Message}. Does the proxy run, with admin.enabled: true? Is --url its admin.bind?",
        AuthenticationException tls => $"no TLS with {Where}: {tls.InnerException?.Message ?? tls.Message}. Does --ca name the authority of its certificate, and --url a name in it?",
        _ => $"no answer from {Where}: {exception.InnerException?.Message ?? exception.Message}. Is it http or https there (admin.tls)? Does the proxy know the client certificate's authority?",
    };
}

/// <summary>What the API answered.</summary>
/// <param name="Text">As it came.</param>
/// <param name="Json">Null: it is none.</param>
internal sealed record CtlAnswer(string Text, JsonElement? Json);
