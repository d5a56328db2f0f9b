using System.Globalization;
using RespProxy.Configuration;

namespace RespProxy.Upstream.NodeMemory;

/// <summary>What a node said of its memory.</summary>
/// <param name="Node">Where it is.</param>
/// <param name="Used">Bytes that count towards the limit.</param>
/// <param name="Max">maxmemory in bytes; 0: it has no limit.</param>
/// <param name="At">When it said so.</param>
public readonly record struct NodeMemoryReading(NodeAddress Node, long Used, long Max, DateTimeOffset At)
{
    /// <summary>
    /// Reads the reply of INFO MEMORY. What a node holds for its replicas and its append-only file does not count: Redis leaves it out, too, when it looks
    /// whether keys must go. Null: the reply has no such numbers, or <paramref name="max"/> is null and it does not tell the limit (Redis before 4).
    /// </summary>
    internal static NodeMemoryReading? Parse(NodeAddress node, string info, long? max, DateTimeOffset now)
    {
        if (Field(info, "used_memory:") is not { } used || (Field(info, "maxmemory:") ?? max) is not { } limit) return null;
        return new NodeMemoryReading(node, Math.Max(0, used - (Field(info, "mem_not_counted_for_evict:") ?? 0)), limit, now);
    }

    /// <summary>True: INFO alone tells the limit.</summary>
    internal static bool TellsLimit(string info) => Field(info, "maxmemory:") is not null;

    private static long? Field(string info, string name)
    {
        foreach (ReadOnlySpan<char> line in info.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && long.TryParse(line[name.Length..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value)) return value;
        }

        return null;
    }
}
