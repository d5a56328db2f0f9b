using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class ScriptingRows
{
    private const string Confined = "Confined by Redis itself: runs as an ACL user that may use the tenant's keys and channels only. ARGV is not touched; a script sees its KEYS with the namespace.";
    private const string BySha = Confined + " NOSCRIPT unless the tenant has run or loaded the script through this proxy; then run from the kept source where the node has lost it.";
    private const string Kept = "The tenant's own scripts, as kept by this proxy.";
    private const string Whose = "A node runs one script at a time and does not tell whose it is.";

    public static CommandSpec[] All => Group("scripting",
    [
        Script("EVAL", -3, S | T | C, ScriptKeys, Confined),
        Script("EVALSHA", -3, S | T | C, ScriptKeys, BySha),
        Script("EVALSHA_RO", -3, R | S | T, ScriptKeys, BySha),
        Script("EVAL_RO", -3, R | S | T, ScriptKeys, Confined),
        NotYet("FCALL", -3, S | T | C, Functions, ScriptKeys),
        NotYet("FCALL_RO", -3, R | S | T, Functions, ScriptKeys),
        Container("FUNCTION", -2, None),
        NotYet("FUNCTION|DELETE", 3, W | S, Functions),
        NotYet("FUNCTION|DUMP", 2, S, Functions),
        NotYet("FUNCTION|FLUSH", -2, W | S, Functions),
        Local("FUNCTION|HELP", 2, L | T, LocalCommand.Help),
        NotYet("FUNCTION|KILL", 2, S | Y, Functions),
        NotYet("FUNCTION|LIST", -2, S, Functions),
        NotYet("FUNCTION|LOAD", -3, W | D | S, Functions),
        NotYet("FUNCTION|RESTORE", -3, W | D | S, Functions),
        NotYet("FUNCTION|STATS", 2, S | Y, Functions),
        Container("SCRIPT", -2, None),
        NotForTenants("SCRIPT|DEBUG", 3, S, Others),
        Local("SCRIPT|EXISTS", -3, S, LocalCommand.Script, Kept),
        Local("SCRIPT|FLUSH", -2, S, LocalCommand.Script, Kept),
        Local("SCRIPT|HELP", 2, L | T, LocalCommand.Help),
        NotForTenants("SCRIPT|KILL", 2, S | Y, Whose),
        Script("SCRIPT|LOAD", 3, S | T, note: "Compiled by one node and kept by the proxy, which sends the source along wherever it is first used."),
        Local("SCRIPT|SHOW", 3, S, LocalCommand.Script, Kept),
    ]);
}
