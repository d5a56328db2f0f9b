using Microsoft.AspNetCore.Http;
using RespProxy.Configuration;

namespace RespProxy.Control.Admin;

/// <summary>Who calls the admin API.</summary>
/// <param name="Name">The token's name, the subject of the client certificate, or <c>local</c> for a caller from this machine.</param>
/// <param name="Address">Where the call comes from.</param>
/// <param name="Access">What the caller may.</param>
public sealed record AdminCaller(string Name, string Address, AdminAccess Access)
{
    /// <summary>The name of callers from this machine who show neither a token nor a certificate.</summary>
    public const string Local = "local";

    /// <summary>Set by a handler that changes something: what it did, for the log. Null: the log tells the path alone.</summary>
    public string? Did { get; set; }

    /// <summary>The caller of a request whose route needs access.</summary>
    /// <exception cref="InvalidOperationException">The route is open to everybody: nobody was asked who they are.</exception>
    public static AdminCaller Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<AdminCaller>() ?? throw new InvalidOperationException("The route is open to everybody.");
    }
}
