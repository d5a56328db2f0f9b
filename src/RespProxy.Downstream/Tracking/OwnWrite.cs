using System.Collections.Frozen;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Tracking;

/// <summary>
/// A write of a NOLOOP client on its way. Redis (from 7.0) pushes the invalidations that a command causes directly behind its reply, so
/// what stands there and names a key of this write was caused by it, provided that it did change the key: then the node has
/// forgotten who had read it, and cannot push the same key again for anybody else. Of a write that may have changed nothing this
/// cannot be said; the client then hears of its own write, which is safe.
/// </summary>
internal sealed class OwnWrite(ClientTracking client, IReplySink sink, TrackingTable table, byte[][] keys) : IReplySink
{
    /// <summary>Commands that change their keys whenever they answer no error, whatever their options.</summary>
    private static readonly FrozenSet<string> Changing = FrozenSet.Create(
        StringComparer.Ordinal,
        "APPEND", "DECR", "DECRBY", "GETSET", "HINCRBY", "HINCRBYFLOAT", "HMSET", "HSET", "INCR", "INCRBY", "INCRBYFLOAT", "LPUSH", "MSET", "PSETEX", "RPUSH", "SETEX");

    private bool _isElsewhere;

    /// <summary>True when the write has changed all its keys if it answers no error (or, for DEL and UNLINK of one key, 1).</summary>
    public static bool IsCertain(in RequestView request, CommandSpec spec) =>
        Changing.Contains(spec.Name) || (spec.Name == "SET" && request.Count == 3) || (spec.Name is "DEL" or "UNLINK" && request.Count == 2);

    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        bool hasChanged = reply[0] != '-' && !(reply.SequenceEqual(":0\r\n"u8) && request.Command!.Name is "DEL" or "UNLINK");
        if (hasChanged && !_isElsewhere) table.NoteWrite(client, keys);
        sink.OnReply(request, reply);
    }

    public void OnSlow(in InFlightRequest request, ReadOnlySpan<byte> bytes) => sink.OnSlow(request, bytes);

    public void OnObserved(in InFlightRequest request, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply) => sink.OnObserved(request, bytes, reply);

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure) => sink.OnFailure(request, failure);

    public void OnDelayed(in InFlightRequest request)
    {
        _isElsewhere = true;
        sink.OnDelayed(request);
    }
}
