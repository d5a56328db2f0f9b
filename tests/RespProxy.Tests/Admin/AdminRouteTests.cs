using System.Text.Json;
using RespProxy.Configuration;
using RespProxy.Control.Admin;

namespace RespProxy.Tests.Admin;

/// <summary>What there is, and what openapi.json says there is.</summary>
public sealed class AdminRouteTests
{
    [Fact]
    public async Task Every_route_is_described_and_every_description_has_its_route()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        string[] described = [.. Described(out _).Order(StringComparer.Ordinal)];
        // HEAD goes with GET, and is described with it.
        string[] mapped = [.. scene.Endpoint.Routes.Where(route => route.Method != "HEAD").Select(route => $"{route.Method} {AdminScene.TemplateOf(route)} {AccessName(route)}").Order(StringComparer.Ordinal)];

        Assert.NotEmpty(mapped);
        Assert.Equal(described, mapped);
    }

    [Fact]
    public async Task Only_health_and_metrics_are_open_to_everybody()
    {
        await using AdminScene scene = await AdminScene.StartAsync();

        Assert.Equal(
            ["/api/v1/health/live", "/api/v1/health/ready", "/api/v1/health/startup", "/healthz", "/metrics", "/readyz", "/startupz"],
            scene.Endpoint.Routes.Where(route => route.Access == AdminAccess.None).Select(route => route.Pattern).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_document_is_served_and_every_reference_in_it_leads_somewhere()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        JsonElement document = await scene.JsonAsync("/api/v1/openapi.json");
        string text = document.GetRawText();

        Assert.Equal("3.1.0", document.GetProperty("openapi").GetString());
        string[] references = [.. text.Split("\"$ref\": \"#/").Skip(1).Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]).Distinct()];
        Assert.NotEmpty(references);
        foreach (string reference in references)
        {
            JsonElement at = document;
            foreach (string step in reference.Split('/')) Assert.True(at.TryGetProperty(step, out at), reference);
        }
    }

    [Fact]
    public void Every_operation_has_a_name_of_its_own_and_says_what_it_refuses()
    {
        Described(out List<JsonElement> operations);

        Assert.Equal(operations.Count, operations.Select(operation => operation.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(operations.Where(operation => operation.TryGetProperty("x-access", out _)), operation =>
        {
            Assert.True(operation.GetProperty("responses").TryGetProperty("401", out _));
            Assert.True(operation.GetProperty("responses").TryGetProperty("403", out _));
        });
    }

    private static List<string> Described(out List<JsonElement> operations)
    {
        using Stream stream = OpenApiRoutes.Open();
        JsonElement document = JsonDocument.Parse(stream).RootElement;
        var described = new List<string>();
        operations = [];
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                string access = operation.Value.TryGetProperty("x-access", out JsonElement written) ? written.GetString()! : "none";
                Assert.Equal(access == "none", operation.Value.TryGetProperty("security", out _));
                described.Add($"{operation.Name.ToUpperInvariant()} {path.Name} {access}");
                operations.Add(operation.Value);
            }
        }

        return described;
    }

    private static string AccessName(AdminRoute route) => route.Access.ToString().ToLowerInvariant();
}
