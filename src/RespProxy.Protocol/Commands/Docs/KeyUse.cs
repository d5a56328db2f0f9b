using System.Text;
using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Commands.Docs;

/// <summary>What a request does to a key, in the words of COMMAND GETKEYSANDFLAGS (https://redis.io/docs/latest/commands/command-getkeysandflags/).</summary>
public static class KeyUse
{
    private static readonly string[] Reads = ["RO", "access"];

    private static readonly string[] ReadsAndWrites = ["RW", "access", "update"];

    private static readonly string[] Overwrites = ["OW", "update"];

    /// <summary>The flags of a key; of SET and BITFIELD the options decide, as in Redis's setGetKeys and bitfieldGetKeys.</summary>
    public static string[] Of(in RequestView request, CommandSpec spec, bool isFirst)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Name == "SET") return Has(request, 3, "GET"u8) ? ReadsAndWrites : Overwrites;
        if (spec.Name == "BITFIELD") return Has(request, 2, "SET"u8) || Has(request, 2, "INCRBY"u8) ? ReadsAndWrites : Reads;
        if (CommandDocs.Find(spec) is { FirstKey.Length: > 0 } doc) return isFirst ? doc.FirstKey : doc.OtherKeys;
        return spec.IsWrite ? ReadsAndWrites : Reads;
    }

    private static bool Has(in RequestView request, int from, ReadOnlySpan<byte> option)
    {
        for (int i = from; i < request.Count; i++)
        {
            if (Ascii.EqualsIgnoreCase(request[i], option)) return true;
        }

        return false;
    }
}
