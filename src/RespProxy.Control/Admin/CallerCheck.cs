using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using RespProxy.Configuration;

namespace RespProxy.Control.Admin;

/// <summary>Who a caller is, or why nobody that may call. Any thread; remembers nothing.</summary>
internal sealed class CallerCheck(AdminSnapshot configuration)
{
    /// <summary>What proxies in front add: their own address is then the one we see, and says nothing of the caller's.</summary>
    private static readonly string[] ForwardingHeaders = ["Forwarded", "X-Forwarded-For", "X-Real-IP"];

    private bool TakesCertificates => configuration.Tls?.ClientCertificates is not null;

    private bool HasCredentials => !configuration.Tokens.IsEmpty || TakesCertificates;

    /// <summary>
    /// Decides about one request. In this order:
    /// <list type="bullet">
    /// <item>It comes from a page of another site in somebody's browser: 403, whatever it shows.</item>
    /// <item>It has an Authorization header: the token's name and access; 401 when that is no token of ours, though its caller might do without.</item>
    /// <item>It came over TLS with a client certificate, which the handshake has verified: write access, and its subject is the name.</item>
    /// <item>It comes from this machine, and such callers may do without: write access. Not if it was forwarded, or was sent to a name that is not this
    /// machine's (a page whose name was made to lead here): 403.</item>
    /// <item>Nothing of these: 401, or 403 when nothing is configured that it could show.</item>
    /// </list>
    /// </summary>
    public CallerVerdict Check(HttpContext context)
    {
        HttpRequest request = context.Request;
        IPAddress? address = context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : context.Connection.RemoteIpAddress;
        string from = address?.ToString() ?? "unknown";
        if (IsOfAnotherSite(request)) return CallerVerdict.Refuse(StatusCodes.Status403Forbidden, "requests of other sites' pages are not answered");
        if (request.Headers.Authorization.Count > 0) return OfToken(request.Headers.Authorization, from);
        if (TakesCertificates && context.Connection.ClientCertificate is { } certificate) return CallerVerdict.Accept(new AdminCaller(NameOf(certificate), from, AdminAccess.Write));
        if (address is not null && IPAddress.IsLoopback(address) && configuration.AllowLoopback) return OfLoopback(request, from);
        return CallerVerdict.Refuse(HasCredentials ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden, WhatToShow());
    }

    private CallerVerdict OfToken(StringValues header, string from)
    {
        const string scheme = "Bearer ";
        string text = header.Count == 1 ? header[0] ?? "" : "";
        if (!text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return CallerVerdict.Refuse(StatusCodes.Status401Unauthorized, "the Authorization header must be: Bearer TOKEN");
        return Find(text.AsSpan(scheme.Length).Trim()) is { } token
            ? CallerVerdict.Accept(new AdminCaller(token.Name, from, token.Access))
            : CallerVerdict.Refuse(StatusCodes.Status401Unauthorized, "the token is none of admin.tokens");
    }

    /// <summary>Every hash is compared, none early out: the time says nothing of which one came close.</summary>
    private AdminTokenSnapshot? Find(ReadOnlySpan<char> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()), hash);
        AdminTokenSnapshot? found = null;
        foreach (AdminTokenSnapshot token in configuration.Tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(token.Hash.AsSpan(), hash)) found = token;
        }

        return found;
    }

    private CallerVerdict OfLoopback(HttpRequest request, string from)
    {
        if (ForwardingHeaders.Any(request.Headers.ContainsKey))
            return CallerVerdict.Refuse(StatusCodes.Status401Unauthorized, "a request that was forwarded needs a token of admin.tokens: it may come from anywhere");
        return IsOwnName(request.Host.Host)
            ? CallerVerdict.Accept(new AdminCaller(AdminCaller.Local, from, AdminAccess.Write))
            : CallerVerdict.Refuse(StatusCodes.Status403Forbidden, "without a token the API answers to 127.0.0.1, [::1], localhost and the host of admin.bind only; call it by one of these, or show a token");
    }

    private bool IsOwnName(string host)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.Equals(configuration.Host, StringComparison.OrdinalIgnoreCase)) return true;
        return IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? literal) && (IPAddress.IsLoopback(literal) || literal.ToString() == configuration.Host);
    }

    /// <summary>Browsers say so themselves; other clients send neither header.</summary>
    private static bool IsOfAnotherSite(HttpRequest request)
    {
        string? site = request.Headers["Sec-Fetch-Site"];
        if (site is not (null or "same-origin" or "none")) return true;
        return request.Headers.Origin.Count > 0 && request.Headers.Origin != $"{request.Scheme}://{request.Host.Value}";
    }

    private static string NameOf(X509Certificate2 certificate) => certificate.Subject.Length > 0 ? certificate.Subject : certificate.Thumbprint;

    private string WhatToShow()
    {
        if (!HasCredentials)
            return "only callers on the proxy's own machine may; for others configure admin.tokens, or admin.tls with clientCertificates, and restart the proxy";
        string show = (configuration.Tokens.IsEmpty, TakesCertificates) switch
        {
            (false, true) => "a token of admin.tokens (Authorization: Bearer TOKEN) or a client certificate of admin.tls.clientCertificates",
            (true, _) => "a client certificate of admin.tls.clientCertificates",
            _ => "a token of admin.tokens (Authorization: Bearer TOKEN)",
        };
        return $"show {show}";
    }
}

/// <summary>Either a caller or a refusal.</summary>
/// <param name="Caller">Null: refused.</param>
/// <param name="Status">Of the refusal.</param>
/// <param name="Reason">Of the refusal; told to the caller.</param>
internal readonly record struct CallerVerdict(AdminCaller? Caller, int Status, string Reason)
{
    public static CallerVerdict Accept(AdminCaller caller) => new(caller, StatusCodes.Status200OK, "");

    public static CallerVerdict Refuse(int status, string reason) => new(null, status, reason);
}
