using System.Security.Cryptography;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace RespProxy.Configuration.Loading;

/// <summary>
/// Writes the tenants of a configuration file as a rule set that says the same, with the hashes of the passwords where the file has them as plain text: rule sets are kept
/// and shown. Two files whose tenants differ only in comments or layout give the same text.
/// </summary>
internal static class RuleSetWriter
{
    public static string Write(MapNode file)
    {
        var text = new StringBuilder();
        EmitterSettings settings = new EmitterSettings().WithBestIndent(2).WithBestWidth(int.MaxValue).WithIndentedSequences().WithNewLine("\n");
        var emitter = new Emitter(new StringWriter(text), settings);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(version: null, tags: null, isImplicit: true));
        emitter.Emit(new MappingStart());
        WriteText(emitter, RuleSetTree.Root);
        Write(emitter, file.Find(RuleSetTree.Root) ?? new ListNode(default));
        emitter.Emit(new MappingEnd());
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Write(Emitter emitter, ConfigNode node, bool isSecret = false)
    {
        switch (node)
        {
            case ScalarNode { IsNull: true }:
                emitter.Emit(new Scalar("~"));
                break;
            case ScalarNode plain when isSecret:
                WriteHash(emitter, plain.Text);
                break;
            case ScalarNode scalar:
                WriteText(emitter, scalar.Text);
                break;
            case ListNode list:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, list.Items.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                list.Items.ForEach(item => Write(emitter, item, isSecret));
                emitter.Emit(new SequenceEnd());
                break;
            case MapNode map:
                WriteMap(emitter, map);
                break;
        }
    }

    private static void WriteMap(Emitter emitter, MapNode map)
    {
        emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, map.Entries.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
        foreach (MapEntry entry in map.Entries)
        {
            WriteText(emitter, entry.Key);
            Write(emitter, entry.Value, isSecret: entry.Key == RuleSetTree.Passwords);
        }

        emitter.Emit(new MappingEnd());
    }

    private static void WriteHash(Emitter emitter, string password)
    {
        emitter.Emit(new MappingStart());
        WriteText(emitter, "sha256");
        WriteText(emitter, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password))));
        emitter.Emit(new MappingEnd());
    }

    /// <summary>
    /// Quoted where it would be read as something else: the emitter knows YAML's signs, and <see cref="YamlTree"/> has words for nothing. Half a surrogate pair, which
    /// an escape can write, becomes what it is as UTF-8.
    /// </summary>
    private static void WriteText(Emitter emitter, string text)
    {
        if (text.Any(char.IsSurrogate)) text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        ScalarStyle style = text is "" or "~" or "null" or "Null" or "NULL" ? ScalarStyle.DoubleQuoted : ScalarStyle.Any;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));
    }
}
