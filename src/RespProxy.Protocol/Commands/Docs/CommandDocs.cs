using System.Collections.Frozen;

namespace RespProxy.Protocol.Commands.Docs;

/// <summary>What is told of a command to those who ask (COMMAND DOCS, INFO, LIST, GETKEYSANDFLAGS), and decides nothing here.</summary>
/// <param name="Since">Version of Redis that introduced it.</param>
/// <param name="DeprecatedSince">Version that deprecated it; null: it is not.</param>
/// <param name="Categories">ACL categories without <c>@</c>, besides those that follow from the flags.</param>
/// <param name="FirstKey">What happens to the first key, as COMMAND GETKEYSANDFLAGS says it; empty without keys.</param>
/// <param name="OtherKeys">The same of all other keys.</param>
/// <param name="Summary">One sentence.</param>
public sealed record CommandDoc(string Since, string? DeprecatedSince, string[] Categories, string[] FirstKey, string[] OtherKeys, string Summary);

/// <summary>The docs of the commands, read from <c>commands.tsv</c> when they are first asked for. Immutable; any thread.</summary>
public static class CommandDocs
{
    private static readonly Lazy<FrozenDictionary<string, CommandDoc>> ByName = new(Read);

    /// <summary>Null for a command that tenants cannot use.</summary>
    public static CommandDoc? Find(CommandSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return ByName.Value.GetValueOrDefault(spec.Name);
    }

    /// <summary>All ACL categories of a command, without <c>@</c>: what the docs say and what Redis derives from the flags (setImplicitACLCategories).</summary>
    public static IEnumerable<string> CategoriesOf(CommandSpec spec)
    {
        string[] own = Find(spec)?.Categories ?? [];
        if (spec.IsWrite) yield return "write";
        if (spec.IsReadOnly) yield return "read";
        foreach (string category in own) yield return category;
        if ((spec.Flags & CommandFlags.Admin) != 0)
        {
            yield return "admin";
            if (!own.Contains("dangerous")) yield return "dangerous";
        }

        if ((spec.Flags & CommandFlags.PubSub) != 0 && !own.Contains("pubsub")) yield return "pubsub";
        if ((spec.Flags & CommandFlags.Blocking) != 0 && !own.Contains("blocking")) yield return "blocking";
        yield return (spec.Flags & CommandFlags.Fast) != 0 ? "fast" : "slow";
    }

    private static FrozenDictionary<string, CommandDoc> Read()
    {
        using Stream file = typeof(CommandDocs).Assembly.GetManifestResourceStream("commands.tsv")!;
        using var reader = new StreamReader(file);
        var docs = new Dictionary<string, CommandDoc>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line[0] == '#') continue;
            string[] fields = line.Split('\t');
            string[] keys = fields[4].Split(';');
            docs.Add(fields[0], new CommandDoc(fields[1], fields[2].Length > 0 ? fields[2] : null, Words(fields[3]), Words(keys[0]), Words(keys[^1]), fields[5]));
        }

        return docs.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
