using Microsoft.AspNetCore.Routing;

namespace RespProxy.Control.Admin;

/// <summary>
/// A part of the admin API: maps its routes when the endpoint starts. Handlers are request delegates, so that nothing is generated at run time,
/// and run on any thread. A route needs what <see cref="AdminRouteExtensions"/> says of it: read access for GET and HEAD, write access for
/// all else, unless it is marked otherwise. Every route is described in openapi.json.
/// </summary>
public interface IAdminRoutes
{
    void Map(IEndpointRouteBuilder routes);
}

/// <summary>One method of one route.</summary>
/// <param name="Method">GET, PUT, ...</param>
/// <param name="Pattern">As mapped: <c>/api/v1/tenants/{name}</c>.</param>
/// <param name="Access">What a caller must have.</param>
public readonly record struct AdminRoute(string Method, string Pattern, Configuration.AdminAccess Access);
