using System.Globalization;
using System.Text.RegularExpressions;

namespace RespProxy.Protocol.Tests.Resp;

/// <summary>
/// Reads an array request by the letter of the specification: slow, simple, and sharing no code with the product. A node
/// that is as strict as can be reads what it reads.
/// </summary>
internal static partial class StrictRequestParser
{
    /// <summary>The request at the front of the text and its length in bytes; null when there is no whole and valid one of at least one argument.</summary>
    public static (IReadOnlyList<string> Arguments, int Length)? Parse(string text)
    {
        Match header = CountLine().Match(text);
        if (!header.Success || !int.TryParse(header.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int count)) return null;
        var arguments = new List<string>();
        int position = header.Length;
        while (arguments.Count < count)
        {
            Match line = LengthLine().Match(text, position);
            if (!line.Success || !int.TryParse(line.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int length)) return null;
            int start = position + line.Length;
            if (length > text.Length - start - 2 || text[start + length] != '\r' || text[start + length + 1] != '\n') return null;
            arguments.Add(text.Substring(start, length));
            position = start + length + 2;
        }

        return (arguments, position);
    }

    [GeneratedRegex(@"\G\*([1-9][0-9]*)\r\n", RegexOptions.CultureInvariant)]
    private static partial Regex CountLine();

    [GeneratedRegex(@"\G\$(0|[1-9][0-9]*)\r\n", RegexOptions.CultureInvariant)]
    private static partial Regex LengthLine();
}
