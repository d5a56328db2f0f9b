namespace RespProxy.LoadTests.Report;

/// <summary>
/// Replaces a generated part of a document: what stands between <c>&lt;!-- begin:NAME --&gt;</c> and the next
/// <c>&lt;!-- end --&gt;</c>.
/// </summary>
internal static class DocsSection
{
    /// <exception cref="FormatException">The document has no such section, or it does not end.</exception>
    public static string Replace(string document, string name, string body)
    {
        string begin = $"<!-- begin:{name} -->";
        int start = document.IndexOf(begin, StringComparison.Ordinal);
        int end = start < 0 ? -1 : document.IndexOf("<!-- end -->", start, StringComparison.Ordinal);
        if (end < 0)
            throw new FormatException($"the document has no section '{begin}' ... '<!-- end -->'");
        return $"{document[..(start + begin.Length)]}\n{body.Trim('\n')}\n{document[end..]}";
    }
}
