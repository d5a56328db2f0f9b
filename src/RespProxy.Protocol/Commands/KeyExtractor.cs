using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Commands;

/// <summary>What looking for a request's keys came to.</summary>
public enum KeyExtraction
{
    Found,

    /// <summary>The number of keys is not a number, or below 1, or more than there are arguments: Redis's own error is due.</summary>
    BadNumKeys,

    /// <summary>The arguments do not parse (no STREAMS keyword, uneven halves, BY without a pattern): ERR syntax error.</summary>
    SyntaxError,

    /// <summary>Keys are named by a pattern that cannot be rewritten yet (SORT BY/GET): refused.</summary>
    Unsupported,
}

/// <summary>Finds the keys of a request by the rules of its command. Pure; allocation-free.</summary>
public static class KeyExtractor
{
    /// <summary>Fills <paramref name="keys"/> (cleared first) with the indexes of the arguments that are keys, ascending.</summary>
    public static KeyExtraction Extract(in RequestView request, CommandSpec spec, KeyIndexes keys) => throw new NotImplementedException();
}
