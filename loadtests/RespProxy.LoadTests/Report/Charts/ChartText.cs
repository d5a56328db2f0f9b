using System.Text;

namespace RespProxy.LoadTests.Report.Charts;

/// <summary>
/// The room that text takes in whatever sans-serif font the reader has, in pixels: by the widths of DejaVu Sans, about the widest of the common ones.
/// Nothing of the machine that draws is asked, so every machine draws the same.
/// </summary>
internal static class ChartText
{
    private const double Bold = 1.1;

    /// <summary>From the baseline up, as a share of the font's size: what a line is centred by.</summary>
    private const double CapHeight = 0.85;

    private const double LineHeight = 1.25;

    public static double Width(string text, double size, bool isBold = false) =>
        text.Split('\n').Max(line => line.Sum(WidthOf)) * size * (isBold ? Bold : 1);

    public static double Height(string text, double size) => size * (CapHeight + LineHeight * text.Count(c => c == '\n'));

    /// <summary>Breaks at spaces what is wider than <paramref name="room"/>.</summary>
    public static string Wrapped(string text, double room)
    {
        StringBuilder wrapped = new();
        string line = "";
        foreach (string word in text.Split(' '))
        {
            string longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && Width(longer, ChartStyle.TextSize) > room)
            {
                wrapped.Append(line).Append('\n');
                longer = word;
            }
            line = longer;
        }
        return wrapped.Append(line).ToString();
    }

    /// <summary>As a share of the font's size.</summary>
    private static double WidthOf(char c) => c switch
    {
        ' ' or '.' or ',' or ':' or 'i' or 'j' or 'l' or '\'' or '|' => 0.32,
        'f' or 'r' or 't' or 'I' or '(' or ')' or '-' or '/' => 0.41,
        'm' or 'w' or 'M' or 'W' or '%' or '@' or '=' or '<' or '>' => 0.95,
        >= 'A' and <= 'Z' => 0.72,
        _ => 0.63,
    };
}
