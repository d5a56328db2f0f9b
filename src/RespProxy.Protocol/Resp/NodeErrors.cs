using System.Buffers;
using System.Text;

namespace RespProxy.Protocol.Resp;

/// <summary>What an error reply of a node means to a proxy.</summary>
public enum NodeErrorKind
{
    /// <summary>An answer for the client.</summary>
    Plain,

    /// <summary>The slot has another owner now.</summary>
    Moved,

    /// <summary>This one request belongs to the slot's next owner.</summary>
    Ask,

    /// <summary>Not executed, and may be sent again shortly: TRYAGAIN, CLUSTERDOWN, LOADING, MASTERDOWN.</summary>
    Retryable,

    /// <summary>Not executed: the node is a replica now (READONLY). The topology is stale; may be sent again.</summary>
    ReadOnlyReplica,

    /// <summary>Not executed: the node does not have the script that EVALSHA names.</summary>
    NoScript,
}

/// <summary>Classifies error replies by their first word (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#redirection-and-resharding).</summary>
public static class NodeErrors
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    public static NodeErrorKind Classify(ReadOnlySpan<byte> reply)
    {
        if (reply.Length < 5) return NodeErrorKind.Plain;
        switch (reply[1])
        {
            case (byte)'M' when reply.StartsWith("-MOVED "u8):
                return NodeErrorKind.Moved;
            case (byte)'A' when reply.StartsWith("-ASK "u8):
                return NodeErrorKind.Ask;
            case (byte)'T' when reply.StartsWith("-TRYAGAIN"u8):
            case (byte)'C' when reply.StartsWith("-CLUSTERDOWN"u8):
            case (byte)'L' when reply.StartsWith("-LOADING"u8):
            case (byte)'M' when reply.StartsWith("-MASTERDOWN"u8):
                return NodeErrorKind.Retryable;
            case (byte)'R' when reply.StartsWith("-READONLY"u8):
                return NodeErrorKind.ReadOnlyReplica;
            case (byte)'N' when reply.StartsWith("-NOSCRIPT "u8):
                return NodeErrorKind.NoScript;
            default:
                return NodeErrorKind.Plain;
        }
    }

    /// <summary>
    /// A blob error of RESP3, <c>!21\r\nERR text of any bytes\r\n</c>, as the simple error that all else is written for: on one line.
    /// https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md
    /// </summary>
    public static byte[] ToSimple(ReadOnlySpan<byte> blobError)
    {
        int start = RespNumber.ReadLine(blobError, 1, out long size);
        ReadOnlySpan<byte> text = size < 0 ? "ERR"u8 : blobError.Slice(start, (int)size);
        var line = new byte[text.Length + 3];
        line[0] = (byte)'-';
        text.CopyTo(line.AsSpan(1));
        line.AsSpan(1, text.Length).ReplaceAny(LineEnds, (byte)' ');
        "\r\n"u8.CopyTo(line.AsSpan(1 + text.Length));
        return line;
    }

    /// <summary>
    /// Reads <c>-MOVED 3999 host:port</c> and <c>-ASK ...</c>. An empty host means the node that answered. False when the
    /// text is not of that form. Allocates the host name.
    /// </summary>
    public static bool TryReadRedirect(ReadOnlySpan<byte> reply, out int slot, out string host, out int port)
    {
        slot = port = 0;
        host = "";
        ReadOnlySpan<byte> rest = reply.TrimEnd("\r\n"u8);
        int space = rest.IndexOf((byte)' ');
        if (space < 0) return false;
        rest = rest[(space + 1)..];
        space = rest.IndexOf((byte)' ');
        if (space < 0) return false;
        int colon = rest.LastIndexOf((byte)':');
        if (colon <= space) return false;
        if (!RespNumber.TryParse(rest[..space], out long slotNumber) || !RespNumber.TryParse(rest[(colon + 1)..], out long portNumber)) return false;
        if (slotNumber is < 0 or > 16383 || portNumber is < 1 or > 65535) return false;
        slot = (int)slotNumber;
        port = (int)portNumber;
        host = Encoding.UTF8.GetString(rest[(space + 1)..colon]);
        return true;
    }
}
