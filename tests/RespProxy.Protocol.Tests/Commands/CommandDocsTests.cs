using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Commands.Docs;

namespace RespProxy.Protocol.Tests.Commands;

public sealed class CommandDocsTests
{
    [Fact]
    public void Every_command_that_tenants_can_use_is_documented()
    {
        Assert.DoesNotContain(CommandTable.All, spec => spec.Refusal == Refusal.None && spec.IsOfRedis && spec.Local != LocalCommand.Help && spec.Name != "CLUSTER|HELP" && CommandDocs.Find(spec) is null);
    }

    [Fact]
    public void A_summary_is_one_sentence_and_a_version_is_one()
    {
        foreach (CommandSpec spec in CommandTable.All)
        {
            if (CommandDocs.Find(spec) is not { } doc) continue;
            Assert.Matches("^[A-Z][^\t]+\\.$", doc.Summary);
            Assert.Matches("^\\d+\\.\\d+\\.\\d+$", doc.Since);
            Assert.Equal(spec.Keys.Shape == KeyShape.None, doc.FirstKey.Length == 0);
        }
    }
}
