using System.Runtime.CompilerServices;
using RespProxy.Protocol.Commands;

namespace RespProxy.Protocol.Tests.Commands;

public sealed class CommandReferenceTests
{
    /// <summary>Set to 1, the test writes the page instead of comparing it.</summary>
    private const string Rewrite = "RESPPROXY_REWRITE_DOCS";

    [Fact]
    public void Docs_commands_md_is_what_the_table_says()
    {
        string path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "docs", "commands.md"));
        string expected = CommandReference.ToMarkdown();
        if (Environment.GetEnvironmentVariable(Rewrite) == "1") File.WriteAllText(path, expected);

        string actual = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.True(actual == expected, $"docs/commands.md is not what the command table says. Write it anew: set {Rewrite}=1 and run this test once.");
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
