using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class ScriptingRows
{
    private const string Confined = "Confined by Redis itself: runs as an ACL user that may use the tenant's keys and channels only. ARGV is not touched; a script sees its KEYS with the namespace.";
    private const string BySha = Confined + " NOSCRIPT unless the tenant has run or loaded the script through this proxy; then run from the kept source where the node has lost it.";
    private const string Kept = "The tenant's own scripts, as kept by this proxy.";
    private const string Named = "As EVAL; the name is looked for among the tenant's own functions.";
    private const string Libraries = "The tenant's own libraries, kept apart by a prefix of their names, on every primary. Not inside MULTI.";
    private const string Payload = "A payload holds the libraries of all tenants, in the server's own form.";
    private const string Whose = "A node kills whatever runs, and whose that is cannot be told without a race. See decisions/scripts.md.";

    public static CommandSpec[] All => Group("scripting",
    [
        Script("EVAL", -3, S | T | C, ScriptKeys, Confined),
        Script("EVALSHA", -3, S | T | C, ScriptKeys, BySha),
        Script("EVALSHA_RO", -3, R | S | T, ScriptKeys, BySha),
        Script("EVAL_RO", -3, R | S | T, ScriptKeys, Confined),
        Script("FCALL", -3, S | T | C, ScriptKeys, Named),
        Script("FCALL_RO", -3, R | S | T, ScriptKeys, Named),
        Container("FUNCTION", -2, None),
        Local("FUNCTION|DELETE", 3, W | S, LocalCommand.Function, Libraries),
        NotForTenants("FUNCTION|DUMP", 2, S, Payload),
        Local("FUNCTION|FLUSH", -2, W | S, LocalCommand.Function, Libraries),
        Local("FUNCTION|HELP", 2, L | T, LocalCommand.Help),
        NotForTenants("FUNCTION|KILL", 2, S | Y, Whose),
        Local("FUNCTION|LIST", -2, S, LocalCommand.Function, Libraries),
        Local("FUNCTION|LOAD", -3, W | D | S, LocalCommand.Function, Libraries),
        NotForTenants("FUNCTION|RESTORE", -3, W | D | S, Payload),
        Local("FUNCTION|STATS", 2, S | Y, LocalCommand.Function, "Counts the tenant's own; never tells what runs."),
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
