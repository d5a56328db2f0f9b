using System.Net;
using RespProxy.Transport;
using RespProxy.Transport.Core;

namespace RespProxy.Microbenchmarks.Memory;

/// <summary>The far end of a <see cref="MemoryConnection"/>.</summary>
internal interface IMemoryPeer
{
    /// <summary>What one send at a turn's end carried. The bytes are valid during the call only.</summary>
    void Take(MemoryConnection connection, ReadOnlySpan<byte> bytes);
}

/// <summary>A connection whose peer is an object. Life, pipes and flushing are the real transport's.</summary>
internal sealed class MemoryConnection(MemoryLoop loop, ConnectionHandler handler, IMemoryPeer peer, bool isOutgoing)
    : ConnectionCore(loop, handler, isOutgoing)
{
    private byte[] _arriving = [];

    public override EndPoint? RemoteEndPoint => null;

    public override EndPoint? LocalEndPoint => null;

    public void Establish(TimeSpan timeout)
    {
        BeginConnecting(timeout);
        Connected();
    }

    /// <summary>The peer sends these bytes; they are received in the next turn, with one call. One delivery at a time.</summary>
    public void Send(byte[] bytes)
    {
        _arriving = bytes;
        loop.AddReadable(this);
    }

    public void Deliver()
    {
        ArraySegment<byte> room = Input.PrepareReceive(Core.ReceiveBuffer);
        _arriving.CopyTo(room.AsSpan());
        Input.Received(_arriving.Length);
        DeliverInput();
    }

    protected override void SendOutput()
    {
        ArraySegment<byte> unsent = Output.UnsentSegment;
        if (unsent.Count == 0) return;
        peer.Take(this, unsent);
        Output.MarkSent(unsent.Count);
    }

    protected override void WantsInputChanged()
    {
        // The peers here never send what is not wanted.
    }

    protected override void ShutDownOutput()
    {
    }

    protected override void ReleaseDescriptor()
    {
    }
}
