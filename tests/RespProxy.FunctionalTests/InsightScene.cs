using System.Globalization;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests;

/// <summary>RESPPROXY's replies as tests read them, in either protocol version.</summary>
internal static class InsightScene
{
    /// <summary>A map; in RESP2 the flat array of one.</summary>
    public static Dictionary<string, RedisReply> Map(this RedisReply reply) =>
        reply.Items.Chunk(2).ToDictionary(pair => pair[0].Text, pair => pair[1]);

    /// <summary>The entries of one of HOTKEYS' rankings.</summary>
    public static async Task<Dictionary<string, RedisReply>[]> HotKeysAsync(this RespClient client, string measure, int count = 10)
    {
        RedisReply reply = await client.CommandAsync("RESPPROXY", "HOTKEYS", measure, "COUNT", count.ToString(CultureInfo.InvariantCulture));
        return [.. reply.Map()[measure].Map()["keys"].Items.Select(Map)];
    }

    public static async Task<Dictionary<string, RedisReply>[]> BigKeysAsync(this RespClient client) =>
        [.. (await client.CommandAsync("RESPPROXY", "BIGKEYS", "COUNT", "100")).Items.Select(Map)];

    /// <summary><c>key=count</c>, by key.</summary>
    public static async Task<string[]> CountsAsync(this RespClient client, string measure) =>
        [.. (await client.HotKeysAsync(measure, 100)).Select(key => $"{key["key"].Text}={key["count"].Integer}").Order(StringComparer.Ordinal)];

    /// <summary><c>key bytes elements command</c>, by key; bytes only where the proxy was told them.</summary>
    public static async Task<string[]> SizesAsync(this RespClient client) =>
        [.. (await client.BigKeysAsync()).Select(key => $"{key["key"].Text} {key["elements"].Integer} {key["command"].Text}").Order(StringComparer.Ordinal)];
}
