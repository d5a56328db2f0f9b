namespace RespProxy.LoadTests.Report.Charts;

/// <summary>The charts of a document: SVG files in the folder <c>charts</c> beside it.</summary>
internal sealed class ChartFolder(string document)
{
    private const string Name = "charts";

    private readonly string _path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(document))!, Name);

    /// <summary>Writes a drawing, in place of an earlier one, to <c>charts/NAME.svg</c>.</summary>
    public void Write(string name, string svg)
    {
        _ = Directory.CreateDirectory(_path);
        File.WriteAllText(Path.Combine(_path, name + ".svg"), svg);
    }

    /// <summary>The Markdown that shows a chart in the document.</summary>
    public static string Reference(string name, string description) => $"![{description}]({Name}/{name}.svg)";
}
