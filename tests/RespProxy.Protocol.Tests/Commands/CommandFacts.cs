using System.Text.Json;
using RespProxy.Protocol.Commands;

namespace RespProxy.Protocol.Tests.Commands;

/// <summary>A command as the facts file (commands.json, from the JSON files in the sources of Redis and Valkey) describes it.</summary>
/// <param name="Categories">The ACL categories that do not follow from the flags.</param>
/// <param name="Keys">The key positions, when the file's are complete; null when they are not.</param>
internal sealed record CommandFact(string Name, int Arity, string Group, IReadOnlySet<string> Flags, IReadOnlySet<string> Categories, KeySpec? Keys)
{
    /// <summary>Commands whose key specs in the file need more than positions, with the shape that the table gives them.</summary>
    public static readonly IReadOnlyDictionary<string, KeyShape> ByShapeOnly = new Dictionary<string, KeyShape>
    {
        ["SORT"] = KeyShape.Sort,
        ["SORT_RO"] = KeyShape.Sort,
        ["MIGRATE"] = KeyShape.Migrate,
        ["GEORADIUS"] = KeyShape.GeoRadius,
        ["GEORADIUSBYMEMBER"] = KeyShape.GeoRadius,
        ["XREAD"] = KeyShape.Streams,
        ["XREADGROUP"] = KeyShape.GroupStreams,
        // Two plain positions, and an option that would leave the database.
        ["COPY"] = KeyShape.Copy,
        // One position, and a database beside it.
        ["MOVE"] = KeyShape.Move,
    };

    public static IReadOnlyList<CommandFact> All { get; } = Read();

    private static List<CommandFact> Read()
    {
        using Stream file = typeof(CommandFact).Assembly.GetManifestResourceStream("commands.json")!;
        using JsonDocument document = JsonDocument.Parse(file);
        return [.. document.RootElement.EnumerateObject().Select(command => new CommandFact(
            command.Name,
            command.Value.GetProperty("arity").GetInt32(),
            command.Value.GetProperty("group").GetString()!,
            command.Value.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!).ToHashSet(),
            command.Value.GetProperty("acl").EnumerateArray().Select(category => category.GetString()!).ToHashSet(),
            ByShapeOnly.ContainsKey(command.Name) ? null : PositionsOf(command.Value.GetProperty("keys"))))];
    }

    /// <summary>Channels are marked as no keys; plain ranges that follow each other are one; a range before a count is the destination.</summary>
    private static KeySpec PositionsOf(JsonElement specs)
    {
        JsonElement[] keys = [.. specs.EnumerateArray().Where(key => key.GetProperty("flags").EnumerateArray().All(flag => flag.GetString() != "NOT_KEY"))];
        if (keys.Length == 0) return default;
        int first = Position(keys[0]);
        int position = Position(keys[^1]);
        JsonElement find = keys[^1].GetProperty("find");
        if (find.TryGetProperty("keynum", out _))
            return new KeySpec(KeyShape.Counted, First: keys.Length > 1 ? first : 0, NumKeys: position);
        JsonElement range = find.GetProperty("range");
        int last = range.GetProperty("lastkey").GetInt32();
        return new KeySpec(KeyShape.Range, first, last < 0 ? last : position + last, range.GetProperty("step").GetInt32());
    }

    private static int Position(JsonElement key) => key.GetProperty("begin").GetProperty("index").GetProperty("pos").GetInt32();
}
