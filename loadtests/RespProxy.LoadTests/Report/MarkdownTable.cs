using System.Text;

namespace RespProxy.LoadTests.Report;

/// <summary>A Markdown table with a first column of names and figures after it.</summary>
internal sealed class MarkdownTable(string title, IEnumerable<string> columns)
{
    private readonly string[] _columns = [.. columns];
    private readonly List<string[]> _rows = [];

    public void Add(string name, IEnumerable<string> cells) => _rows.Add([name, .. cells]);

    public override string ToString()
    {
        StringBuilder text = new();
        text.Append("**").Append(title).Append("**\n\n");
        AppendRow(text, ["", .. _columns]);
        AppendRow(text, ["---", .. _columns.Select(_ => "---:")]);
        foreach (string[] row in _rows)
            AppendRow(text, row);
        return text.ToString();
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
