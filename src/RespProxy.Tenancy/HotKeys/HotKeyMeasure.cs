namespace RespProxy.Tenancy.HotKeys;

/// <summary>What keys are ranked by.</summary>
public enum HotKeyMeasure
{
    /// <summary>Commands that only read.</summary>
    Reads,

    /// <summary>All others, scripts included.</summary>
    Writes,

    /// <summary>Bytes of requests and replies, shared evenly among the keys of a command that names several.</summary>
    Bytes,
}
