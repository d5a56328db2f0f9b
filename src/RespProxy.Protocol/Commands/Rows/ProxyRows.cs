using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

/// <summary>What a tenant asks the proxy about itself. No Redis has these; COMMAND does not list them.</summary>
internal static class ProxyRows
{
    private const string HotKeys = "[READS | WRITES | BYTES] [COUNT n]. The tenant's most used keys of the last half to whole window, by the client's names; sampled, with the bound of the error.";
    private const string BigKeys = "[COUNT n]. The tenant's biggest keys as requests and replies showed them.";
    private const string SlowLog = "[count]. As SLOWLOG GET.";
    private const string Stats = "Counts since the proxy's start, of the tenant alone.";
    private const string Limits = "The tenant's bounds and rates, and what is left of them.";
    private const string Rules = "The tenant's denylist, and how often each rule was met.";

    public static CommandSpec[] All => Group(CommandSpec.ProxyGroup,
    [
        Container("RESPPROXY", -2, None),
        Local("RESPPROXY|BIGKEYS", -2, A | L | T, LocalCommand.Insight, BigKeys),
        Local("RESPPROXY|HELP", 2, L | T, LocalCommand.Help),
        Local("RESPPROXY|HOTKEYS", -2, A | L | T, LocalCommand.Insight, HotKeys),
        Local("RESPPROXY|LIMITS", 2, L | T, LocalCommand.Insight, Limits),
        Local("RESPPROXY|RULES", 2, L | T, LocalCommand.Insight, Rules),
        Local("RESPPROXY|SLOWLOG", -2, A | L | T, LocalCommand.Insight, SlowLog),
        Local("RESPPROXY|STATS", 2, L | T, LocalCommand.Insight, Stats),
    ]);
}
