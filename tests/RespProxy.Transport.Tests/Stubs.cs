using System.Net;

namespace RespProxy.Transport.Tests;

/// <summary>A loop that does nothing but own a pool, for tests of readers and writers alone.</summary>
internal sealed class StubLoop : EventLoop
{
    public override int Index => 0;

    public override BufferPool Buffers { get; } = new();

    public override bool IsCurrent => true;

    public override int ConnectionCount => 0;

    public override LoopCounters Counters => default;

    public override bool Post(Action work) => throw new NotSupportedException();

    public override LoopTimer Schedule(TimeSpan due, Action callback) => throw new NotSupportedException();

    public override LoopConnection Connect(EndPoint endPoint, TimeSpan timeout, ConnectionHandler handler) => throw new NotSupportedException();

    public override void Dispose()
    {
    }
}

/// <summary>A connection without a socket that counts how often it was put on the flush list.</summary>
internal sealed class StubConnection(StubLoop loop) : LoopConnection(loop, new TestHandler())
{
    public int Marks { get; private set; }

    /// <summary>What the system takes of bytes that are to be sent at once; null: nothing.</summary>
    public Func<ReadOnlySpan<byte>, int>? TakesNow { get; set; }

    public override bool IsOutgoing => true;

    public override EndPoint? RemoteEndPoint => null;

    public override EndPoint? LocalEndPoint => null;

    public override void PauseReading()
    {
    }

    public override void ResumeReading()
    {
    }

    public override void CloseWhenSent()
    {
    }

    internal override int SendNow(ReadOnlySpan<byte> bytes) => TakesNow?.Invoke(bytes) ?? 0;

    public override void Abort() => IsClosed = true;

    internal override void CloseAs(CloseReason reason) => IsClosed = true;

    internal override void MarkDirty()
    {
        IsDirty = true;
        Marks++;
    }
}
