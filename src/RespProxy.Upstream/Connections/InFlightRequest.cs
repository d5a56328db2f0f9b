using System.Runtime.CompilerServices;
using RespProxy.Protocol.Commands;

namespace RespProxy.Upstream.Connections;

/// <summary>
/// A request that was sent to a node and is not answered. Its bytes are not kept here: they stay in the connection's output
/// at <see cref="Position"/> until the reply comes, which is how a redirect finds them again without a copy per request.
/// </summary>
public struct InFlightRequest
{
    /// <summary>A <see cref="Slot"/> that is none: the request is for one node and may go to no other.</summary>
    public const ushort BoundToNode = ushort.MaxValue;

    /// <summary>Who is owed the reply; null when nobody is (the reply of ASKING).</summary>
    public IReplySink? Sink;

    public CommandSpec? Command;

    /// <summary>Stream position of the request's first byte in the connection's output. Set when it is sent.</summary>
    public long Position;

    /// <summary>When it was first sent, in <see cref="System.Diagnostics.Stopwatch"/> ticks: redirects and retries count from here.</summary>
    public long StartedAt;

    /// <summary>When it was last sent again, in the same ticks; 0 while it was sent once. A node's silence counts from here.</summary>
    public long ResentAt;

    /// <summary>The sink's own number for it.</summary>
    public uint Tag;

    public ushort Slot;

    public readonly bool IsBoundToNode => Slot == BoundToNode;

    /// <summary>MOVED and ASK hops so far.</summary>
    public byte Hops;

    /// <summary>The sink's own mark; carried along.</summary>
    public byte Mark;

    /// <summary>The sink's own note of the key, 0 for none; carried along.</summary>
    public ushort KeyBucket;

    /// <summary>
    /// Replies that the bytes bring before the one that counts: 0 for a single command; for MULTI ... EXEC one for MULTI and one for each
    /// queued command. Such a unit is sent, redirected and retried as one.
    /// </summary>
    public int EarlyReplies;

    /// <summary>The sink wants to see the request with a reply of at least so many bytes: <see cref="IReplySink.OnObserved"/>. 0: with none.</summary>
    public uint ObserveFrom;

    /// <summary>
    /// Becomes a copy of <paramref name="request"/> at <paramref name="position"/>. Field by field: the copy of a struct that holds references and goes to the heap
    /// ends in a string instruction, whose start costs as much as all of these.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Fill(in InFlightRequest request, long position)
    {
        Sink = request.Sink;
        Command = request.Command;
        Position = position;
        StartedAt = request.StartedAt;
        ResentAt = request.ResentAt;
        Tag = request.Tag;
        Slot = request.Slot;
        Hops = request.Hops;
        Mark = request.Mark;
        KeyBucket = request.KeyBucket;
        EarlyReplies = request.EarlyReplies;
        ObserveFrom = request.ObserveFrom;
    }
}

/// <summary>Takes what becomes of a request. Called on the loop's thread; must not throw.</summary>
public interface IReplySink
{
    /// <summary>The final reply, an error reply included. The bytes are valid during the call only.</summary>
    void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply);

    /// <summary>The reply that comes next took as long as <see cref="UpstreamLoop.SlowAfter"/> or longer. The request's bytes, as the node got them, are valid during the call only.</summary>
    void OnSlow(in InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        // Most sinks stand for no command of a client's.
    }

    /// <summary>
    /// The reply that comes next is as long as <see cref="InFlightRequest.ObserveFrom"/> or longer. The request's bytes, as the node got them, and the reply are valid
    /// during the call only.
    /// </summary>
    void OnObserved(in InFlightRequest request, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply)
    {
        // Most sinks stand for no command of a client's.
    }

    /// <summary>
    /// Whether the reply, which is large and not all there, may be given to the sink in parts instead of being collected: <see cref="OnPart"/>, then one of
    /// <see cref="OnLastPart"/> and <see cref="OnBrokenReply"/>. Asked again as more of it comes.
    /// </summary>
    bool TakesParts(in InFlightRequest request) => false;

    /// <summary>The next bytes of a reply that comes in parts. Valid during the call only.</summary>
    void OnPart(in InFlightRequest request, ReadOnlySpan<byte> part) => throw new NotSupportedException("The sink takes no parts.");

    /// <summary>All parts were given; the request's bytes, as the node got them, are valid during the call only.</summary>
    void OnLastPart(in InFlightRequest request, ReadOnlySpan<byte> bytes, in StreamedReply reply) => throw new NotSupportedException("The sink takes no parts.");

    /// <summary>The connection broke when some parts were given: no more come, and the reply can't be had again from its middle.</summary>
    void OnBrokenReply(in InFlightRequest request) => throw new NotSupportedException("The sink takes no parts.");

    /// <summary>There will be no reply.</summary>
    void OnFailure(in InFlightRequest request, UpstreamFailure failure);

    /// <summary>
    /// The request has to be sent again, so that its answer comes later than its place in the line says. Requests sent from now on could
    /// overtake it at the node: whoever needs their order kept must hold them back until this one is answered.
    /// </summary>
    void OnDelayed(in InFlightRequest request);

    /// <summary>
    /// What is to be sent when a request must go out again, given what was sent: the same, unless another node could not make sense of it.
    /// </summary>
    ReadOnlySpan<byte> BytesToSendAgain(scoped in InFlightRequest request, ReadOnlySpan<byte> bytes) => bytes;
}

/// <summary>Why a request got no reply.</summary>
public enum UpstreamFailure
{
    /// <summary>No node could be had in time; certainly not executed.</summary>
    NotExecuted,

    /// <summary>The connection broke after the request had left: it may have been executed or not.</summary>
    OutcomeUnknown,

    /// <summary>The node did not answer in time: it may have been, or still be, executed or not.</summary>
    TimedOut,

    /// <summary>The cluster sent it around more often than allowed; not executed.</summary>
    TooManyRedirects,

    /// <summary>Too much is waiting for the upstream already; not executed.</summary>
    Overloaded,
}
