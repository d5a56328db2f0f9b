using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class ScriptingRows
{
    public static CommandSpec[] All => Group("scripting",
    [
        NotYet("EVAL", -3, S | T | C, Scripts, ScriptKeys),
        NotYet("EVALSHA", -3, S | T | C, Scripts, ScriptKeys),
        NotYet("EVALSHA_RO", -3, R | S | T, Scripts, ScriptKeys),
        NotYet("EVAL_RO", -3, R | S | T, Scripts, ScriptKeys),
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
        NotYet("SCRIPT|EXISTS", -3, S, Scripts),
        NotYet("SCRIPT|FLUSH", -2, S, Scripts),
        Local("SCRIPT|HELP", 2, L | T, LocalCommand.Help),
        NotYet("SCRIPT|KILL", 2, S | Y, Scripts),
        NotYet("SCRIPT|LOAD", 3, S | T, Scripts),
        NotYet("SCRIPT|SHOW", 3, S, Scripts),
    ]);
}
