using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RespProxy.Control.Admin;

/// <summary>/api/v1/openapi.json: what there is, written by hand and embedded.</summary>
public sealed class OpenApiRoutes : IAdminRoutes
{
    private const string Resource = "RespProxy.Control.Admin.openapi.json";

    public void Map(IEndpointRouteBuilder routes) => routes.MapRead("/api/v1/openapi.json", AnswerAsync);

    /// <summary>The document. The caller disposes it.</summary>
    public static Stream Open() => typeof(OpenApiRoutes).Assembly.GetManifestResourceStream(Resource)!;

    private static async Task AnswerAsync(HttpContext context)
    {
        using Stream document = Open();
        byte[] bytes = new byte[document.Length];
        await document.ReadExactlyAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        await AdminReply.WriteAsync(context, StatusCodes.Status200OK, bytes, "application/json").ConfigureAwait(false);
    }
}
