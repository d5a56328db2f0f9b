namespace RespProxy.Tenancy.Scripts;

/// <summary>
/// What a script says of itself in its first line, <c>#!lua flags=no-writes,allow-oom</c>
/// (https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags).
/// </summary>
public static class ScriptFlags
{
    /// <summary>
    /// The script may run on a server without memory left: it writes nothing, which Redis makes sure of, or its author says that it may
    /// (<c>allow-oom</c>), as one that deletes.
    /// </summary>
    public static bool RunsWithoutMemory(ReadOnlySpan<byte> source)
    {
        if (!source.StartsWith("#!"u8)) return false;
        int end = source.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? source : source[..end];
        foreach (Range range in line.Split((byte)' '))
        {
            ReadOnlySpan<byte> word = line[range].TrimEnd((byte)'\r');
            if (word.StartsWith("flags="u8)) return HasFlag(word["flags="u8.Length..]);
        }

        return false;
    }

    private static bool HasFlag(ReadOnlySpan<byte> flags)
    {
        foreach (Range range in flags.Split((byte)','))
        {
            if (flags[range].SequenceEqual("no-writes"u8) || flags[range].SequenceEqual("allow-oom"u8)) return true;
        }

        return false;
    }
}
