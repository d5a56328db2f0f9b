using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Scripts;

/// <summary>The forms of one call: EVAL with the source for EVALSHA with its digest, FCALL by the name that the nodes know. Pure.</summary>
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

    /// <summary>The call of a function by its name at the nodes.</summary>
    public static byte[] WithPrefix(ReadOnlySpan<byte> request, ReadOnlySpan<byte> prefix)
    {
        var cursor = new ReplyCursor(request);
        cursor.ReadAggregateHeader();
        cursor.Skip();
        int nameAt = cursor.Position;
        cursor.TryReadBulk(out ReadOnlySpan<byte> name);
        var call = new byte[request.Length + prefix.Length + HeadRoom];
        int written = Put(request[..nameAt], call, 0);
        call[written++] = (byte)'$';
        written += RespNumber.Write(call.AsSpan(written), prefix.Length + name.Length);
        written = Put("\r\n"u8, call, written);
        written = Put(prefix, call, written);
        written = Put(request[(cursor.Position - 2 - name.Length)..], call, written);
        Array.Resize(ref call, written);
        return call;
    }

    private static int Put(ReadOnlySpan<byte> bytes, byte[] call, int at)
    {
        bytes.CopyTo(call.AsSpan(at));
        return at + bytes.Length;
    }
}
