namespace RespProxy.Protocol.Commands;

/// <summary>How the keys of a command are found among its arguments. See KeyExtractor.</summary>
public enum KeyShape : byte
{
    None,

    /// <summary>Arguments First, First+Step, ... up to Last (negative: counted from the end, -1 is the last argument).</summary>
    Range,

    /// <summary>Argument NumKeys says how many keys follow it; additionally argument First is a key when First &gt; 0 (ZUNIONSTORE).</summary>
    Counted,

    /// <summary>The first half of the arguments after the keyword STREAMS (XREAD).</summary>
    Streams,

    /// <summary>The same behind a GROUP, which must be there (XREADGROUP).</summary>
    GroupStreams,

    /// <summary>Argument 1, and the argument of each STORE option; BY and GET name keys by patterns (SORT).</summary>
    Sort,

    /// <summary>Argument 1, and the argument of each STORE or STOREDIST option from OptionsFrom on (GEORADIUS).</summary>
    GeoRadius,

    /// <summary>Arguments 1 and 2; the option DB says that the second is in another database (COPY).</summary>
    Copy,

    /// <summary>Argument 1, and the same in the database that the next argument numbers (MOVE).</summary>
    Move,

    /// <summary>MIGRATE: argument 3, or those after KEYS.</summary>
    Migrate,
}

/// <summary>What Redis says to a bad number of keys; it differs from family to family. See KeyErrors.</summary>
public enum NumKeysRule : byte
{
    /// <summary>ZUNION, ZINTER, ZDIFF and their STORE forms, ZINTERCARD.</summary>
    Combine,

    /// <summary>LMPOP, ZMPOP and their blocking forms.</summary>
    Pop,

    /// <summary>SINTERCARD.</summary>
    Cardinality,

    /// <summary>EVAL and FCALL: the only ones where no key at all is right.</summary>
    Script,
}

/// <summary>Key positions of a command as data.</summary>
public readonly record struct KeySpec(
    KeyShape Shape,
    int First = 0,
    int Last = 0,
    int Step = 1,
    int NumKeys = 0,
    NumKeysRule NumKeysRule = NumKeysRule.Combine,
    int OptionsFrom = 0)
{
    /// <summary>First key, last key and step as the reply of COMMAND has them; zeros where positions alone do not tell.</summary>
    public (int First, int Last, int Step) FirstLastStep => Shape switch
    {
        KeyShape.Range => (First, Last, Step),
        KeyShape.Copy => (First, Last, 1),
        KeyShape.Sort or KeyShape.GeoRadius or KeyShape.Migrate or KeyShape.Move => (First, First, 1),
        KeyShape.Counted when First > 0 => (First, First, 1),
        _ => (0, 0, 0),
    };
}
