using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace RespProxy.Configuration.Loading;

/// <summary>
/// YAML text to <see cref="ConfigNode"/>s, from the parser's events: no reflection, and nesting is bounded, which the library's
/// own tree builder (recursive, aliases expanded) does not promise for hostile text.
/// </summary>
internal static class YamlTree
{
    /// <summary>The deepest valid configuration has five levels.</summary>
    private const int MaxDepth = 16;

    /// <summary>The root section, empty and without a line for an empty text; null after an error that leaves nothing to check.</summary>
    public static MapNode? Parse(string yaml, string source, ErrorList errors)
    {
        try
        {
            var parser = new Parser(new Scanner(new StringReader(yaml), skipComments: true));
            return ParseDocument(parser, source, errors);
        }
        catch (YamlException exception)
        {
            errors.Add("", At(exception.Start, source), $"not valid YAML: {exception.Message}");
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            // The library's scanner answers some malformed texts with these instead of a YamlException.
            errors.Add("", new Origin(source, 1, 1), $"not valid YAML: {exception.GetType().Name} while reading it");
        }

        return null;
    }

    private static MapNode? ParseDocument(Parser parser, string source, ErrorList errors)
    {
        parser.Consume<StreamStart>();
        if (parser.Current is StreamEnd)
            return new MapNode(new Origin(source, 0, 0));

        parser.Consume<DocumentStart>();
        ConfigNode root = ParseNode(parser, source, depth: 0);
        parser.Consume<DocumentEnd>();
        if (parser.Current is DocumentStart second)
            errors.Add("", At(second.Start, source), "a second YAML document starts here; a configuration is one document");

        switch (root)
        {
            case MapNode map:
                return map;
            case ScalarNode { IsNull: true }:
                return new MapNode(root.Origin);
            default:
                errors.Add("", root.Origin, $"expected a section of keys (transport, upstreams, listeners, tenants...), found {root.Kind}");
                return null;
        }
    }

    private static ConfigNode ParseNode(Parser parser, string source, int depth)
    {
        ParsingEvent current = parser.Current ?? throw new InvalidOperationException();
        if (depth > MaxDepth)
            throw new YamlException(current.Start, current.End, $"nested deeper than {MaxDepth} levels");
        RefuseAnchorsAndTags(current);

        return current switch
        {
            Scalar => ParseScalar(parser, source),
            SequenceStart => ParseList(parser, source, depth),
            MappingStart => ParseMap(parser, source, depth),
            _ => throw new YamlException(current.Start, current.End, "expected a value"),
        };
    }

    /// <summary>The names are not repeated in the error: an unquoted password may start with one of these characters.</summary>
    private static void RefuseAnchorsAndTags(ParsingEvent current)
    {
        if (current is AnchorAlias || (current is NodeEvent node && !node.Anchor.IsEmpty))
            throw new YamlException(current.Start, current.End, "anchors (&) and aliases (*) are not supported; quote the text if it starts with such a character");
        if (current is NodeEvent { Tag.IsEmpty: false } tagged && !tagged.Tag.IsNonSpecific)
            throw new YamlException(current.Start, current.End, "tags (!) are not supported; quote the text if it starts with such a character");
    }

    private static ScalarNode ParseScalar(Parser parser, string source)
    {
        Scalar scalar = parser.Consume<Scalar>();
        bool isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";
        return new ScalarNode(scalar.Value, isNull, At(scalar.Start, source));
    }

    private static ListNode ParseList(Parser parser, string source, int depth)
    {
        var list = new ListNode(At(parser.Consume<SequenceStart>().Start, source));
        while (parser.Current is not SequenceEnd)
            list.Items.Add(ParseNode(parser, source, depth + 1));
        parser.MoveNext();
        return list;
    }

    private static MapNode ParseMap(Parser parser, string source, int depth)
    {
        var map = new MapNode(At(parser.Consume<MappingStart>().Start, source));
        while (parser.Current is not MappingEnd)
        {
            ConfigNode key = ParseNode(parser, source, depth + 1);
            ConfigNode value = ParseNode(parser, source, depth + 1);
            map.Entries.Add(new MapEntry(key is ScalarNode scalar ? scalar.Text : "", key.Origin, value));
        }

        parser.MoveNext();
        return map;
    }

    private static Origin At(Mark mark, string source) =>
        new(source, (int)Math.Min(mark.Line, int.MaxValue), (int)Math.Min(mark.Column, int.MaxValue));
}
