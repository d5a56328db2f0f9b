using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Configuration;

namespace RespProxy.Control.Admin;

/// <summary>What a route says of itself where it is mapped.</summary>
public static class AdminRouteExtensions
{
    /// <summary>Bytes of the longest body of a route that says nothing else.</summary>
    public const int DefaultBody = 4096;

    private static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps GET, and HEAD for those who only want to know.</summary>
    public static IEndpointConventionBuilder MapRead(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler) => routes.MapMethods(pattern, GetAndHead, handler);

    /// <summary>Callers must have this access, whatever the method.</summary>
    public static IEndpointConventionBuilder Needs(this IEndpointConventionBuilder route, AdminAccess access) => route.WithMetadata(new RouteAccess(access));

    /// <summary>Longer bodies are refused with 413.</summary>
    public static IEndpointConventionBuilder WithBody(this IEndpointConventionBuilder route, long maxBytes) => route.WithMetadata(new RouteBody(maxBytes));

    /// <summary>A value of the path. The one character that the server leaves escaped is the slash; a tenant's name may have it.</summary>
    public static string PathValue(this HttpContext context, string name)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ((string?)context.Request.RouteValues[name] ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>What a route needs by itself: reading needs less than changing.</summary>
    internal static AdminAccess AccessOf(Endpoint? endpoint, string method) =>
        endpoint?.Metadata.GetMetadata<RouteAccess>()?.Access
        ?? (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? AdminAccess.Read : AdminAccess.Write);

    internal static long BodyOf(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<RouteBody>()?.MaxBytes ?? DefaultBody;

    private sealed record RouteAccess(AdminAccess Access);

    private sealed record RouteBody(long MaxBytes);
}
