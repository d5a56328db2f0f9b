using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Downstream.Inspection;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.Admin;

/// <summary>/api/v1/clusters: the upstreams, their nodes, and which node has which slots.</summary>
public sealed class ClusterRoutes(ClusterInspection clusters) : IAdminRoutes
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/clusters", ListAsync);
        routes.MapRead("/api/v1/clusters/{name}", ShowAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        IReadOnlyList<ClusterReading> readings = await clusters.ReadAsync(context.RequestAborted).ConfigureAwait(false);
        await AdminReply.JsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("clusters");
            foreach (ClusterReading reading in readings) Write(json, reading, withNodes: false);
            json.WriteEndArray();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task ShowAsync(HttpContext context)
    {
        ClusterReading? reading = await clusters.ReadAsync(context.PathValue("name"), context.RequestAborted).ConfigureAwait(false);
        await (reading is null
            ? AdminReply.ProblemAsync(context, StatusCodes.Status404NotFound, "there is no such upstream; GET /api/v1/clusters tells which there are")
            : AdminReply.JsonAsync(context, json => Write(json, reading, withNodes: true))).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter json, ClusterReading reading, bool withNodes)
    {
        json.WriteStartObject();
        json.WriteString("name", reading.Name);
        json.WriteString("mode", reading.IsCluster ? "cluster" : "standalone");
        json.WriteBoolean("ready", reading.IsReady);
        json.WriteNumber("mapVersion", reading.MapVersion);
        json.WriteNumber("coveredSlots", reading.CoveredSlots);
        json.WriteSeconds("topologyAgeSeconds", reading.TopologyAge);
        json.WriteNumber("primaries", reading.Nodes.Count(node => node.Role == NodeRole.Primary));
        json.WriteNumber("replicas", reading.Nodes.Count(node => node.Role == NodeRole.Replica));
        json.WriteNumber("unreachable", reading.Nodes.Count(node => !node.IsReachable));
        json.WriteNumber("connections", reading.Nodes.Sum(node => node.Connections));
        json.WriteNumber("inFlight", reading.Nodes.Sum(node => node.InFlight));
        if (withNodes)
        {
            json.WriteTexts("seeds", reading.Seeds);
            json.WriteStartArray("nodes");
            foreach (NodeReading node in reading.Nodes) WriteNode(json, node);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteNode(Utf8JsonWriter json, NodeReading node)
    {
        json.WriteStartObject();
        json.WriteString("address", node.Address);
        json.WriteString("id", node.Id);
        json.WriteString("role", node.Role.ToString().ToLowerInvariant());
        json.WriteString("primary", node.Primary);
        json.WriteBoolean("reachable", node.IsReachable);
        json.WriteNumber("connections", node.Connections);
        json.WriteNumber("leased", node.Leased);
        json.WriteNumber("inFlight", node.InFlight);
        json.WriteStartArray("slots");
        foreach ((int first, int last) in node.Slots)
        {
            json.WriteStartArray();
            json.WriteNumberValue(first);
            json.WriteNumberValue(last);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
