using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Scripts;

/// <summary>The two forms of one script call: EVAL with the source, EVALSHA with its digest. Pure.</summary>
internal static class ScriptRequest
{
    /// <summary>Longest name and headers that <see cref="WithSource"/> writes anew.</summary>
    private const int HeadRoom = 64;

    /// <summary>The call with the source in the digest's place.</summary>
    /// <param name="spec">EVALSHA or EVALSHA_RO.</param>
    /// <param name="request">The call with the digest: a whole request, its keys as they shall be.</param>
    /// <param name="source">Whose digest it is.</param>
    public static byte[] WithSource(CommandSpec spec, ReadOnlySpan<byte> request, ReadOnlySpan<byte> source)
    {
        var cursor = new ReplyCursor(request);
        cursor.ReadAggregateHeader();
        int afterCount = cursor.Position;
        cursor.Skip();
        cursor.Skip();
        var call = new byte[request.Length + source.Length + HeadRoom];
        int written = Put(request[..afterCount], call, 0);
        written = Put(spec.IsReadOnly ? "$7\r\nEVAL_RO\r\n$"u8 : "$4\r\nEVAL\r\n$"u8, call, written);
        written += RespNumber.Write(call.AsSpan(written), source.Length);
        written = Put("\r\n"u8, call, written);
        written = Put(source, call, written);
        written = Put("\r\n"u8, call, written);
        written = Put(request[cursor.Position..], call, written);
        Array.Resize(ref call, written);
        return call;
    }

    private static int Put(ReadOnlySpan<byte> bytes, byte[] call, int at)
    {
        bytes.CopyTo(call.AsSpan(at));
        return at + bytes.Length;
    }
}
