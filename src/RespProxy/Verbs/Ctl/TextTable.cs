using System.Text;

namespace RespProxy.Verbs.Ctl;

/// <summary>
/// Columns as wide as what is in them, two blanks apart. Ours, since the library for it would make the program larger for a page of code;
/// plain text, so that it is the same in a terminal, a pipe and a ticket.
/// </summary>
internal sealed class TextTable(params string[] headings)
{
    /// <summary>Characters of the longest cell shown, unless it is the last of its row.</summary>
    private const int Widest = 60;

    private readonly List<string[]> _rows = [];
    private readonly HashSet<int> _right = [];

    /// <summary>These columns hold numbers, and end at the same place.</summary>
    public TextTable RightAlign(params ReadOnlySpan<int> columns)
    {
        foreach (int column in columns) _right.Add(column);
        return this;
    }

    public void Add(params string[] cells) => _rows.Add([.. cells.Select((cell, column) => Clean(cell, column == headings.Length - 1))]);

    public void Write(TextWriter output)
    {
        int[] widths = [.. headings.Select((heading, column) => _rows.Select(row => row[column].Length).Append(heading.Length).Max())];
        WriteRow(output, headings, widths);
        foreach (string[] row in _rows) WriteRow(output, row, widths);
        if (_rows.Count == 0) output.WriteLine("(none)");
    }

    /// <summary>Whatever is in a client's name or a key must not reach the terminal as a command to it.</summary>
    public static string Printable(string text)
    {
        if (!text.Any(IsUnprintable)) return text;
        var printable = new StringBuilder();
        foreach (char c in text) _ = IsUnprintable(c) ? printable.Append($"\\u{(int)c:x4}") : printable.Append(c);
        return printable.ToString();
    }

    private static bool IsUnprintable(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format;

    private static string Clean(string cell, bool isLast)
    {
        string printable = Printable(cell);
        return isLast || printable.Length <= Widest ? printable : printable[..(Widest - 3)] + "...";
    }

    private void WriteRow(TextWriter output, string[] cells, int[] widths)
    {
        var line = new StringBuilder();
        for (int column = 0; column < cells.Length; column++)
        {
            if (column > 0) line.Append("  ");
            line.Append(_right.Contains(column) ? cells[column].PadLeft(widths[column]) : cells[column].PadRight(widths[column]));
        }

        output.WriteLine(line.ToString().TrimEnd());
    }
}
