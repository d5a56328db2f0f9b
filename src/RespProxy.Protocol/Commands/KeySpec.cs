namespace RespProxy.Protocol.Commands;

/// <summary>How the keys of a command are found among its arguments. See KeyExtractor.</summary>
public enum KeyShape : byte
{
    None,

    /// <summary>Arguments First, First+Step, ... up to Last (negative: counted from the end, -1 is the last argument).</summary>
    Range,

    /// <summary>Argument NumKeys says how many keys follow it; additionally argument First is a key when First &gt; 0 (ZUNIONSTORE).</summary>
    Counted,

    /// <summary>The first half of the arguments after the keyword STREAMS (XREAD, XREADGROUP).</summary>
    Streams,

    /// <summary>Argument 1, and the argument of each STORE option; BY and GET patterns name keys too (SORT).</summary>
    Sort,

    /// <summary>Argument 1, and the argument of STORE or STOREDIST (GEORADIUS).</summary>
    GeoRadius,

    /// <summary>MIGRATE: argument 3, or those after KEYS.</summary>
    Migrate,
}

/// <summary>Key positions of a command as data.</summary>
public readonly record struct KeySpec(KeyShape Shape, int First = 0, int Last = 0, int Step = 1, int NumKeys = 0);
