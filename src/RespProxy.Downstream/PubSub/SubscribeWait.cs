using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Transport;

namespace RespProxy.Downstream.PubSub;

/// <summary>
/// A SUBSCRIBE on its way: confirmed to the client when the nodes have confirmed every channel of it, all at once, so that a client that was
/// told so misses nothing published later, and gets nothing before. Until then its later requests wait. Loop thread only.
/// </summary>
internal sealed class SubscribeWait(ClientSession session, SharedSubscription[] subscriptions)
{
    private uint _number;
    private LoopTimer? _timer;
    private int _next;
    private bool _isOver;

    /// <summary>Takes the request's place in the line of replies. Nothing may be owed to the client before it.</summary>
    public void Start()
    {
        // Confirmations are pushes, which CLIENT REPLY does not hold back; only SKIP's one command is over.
        session.TakeReplyMark();
        _number = session.Reserve();
        foreach (SharedSubscription subscription in subscriptions) subscription.Await(this);
        TryComplete();
        if (_isOver) return;
        session.Subscriptions!.Wait = this;
        session.OnDelayed(default);
        _timer = session.Loop.Events.Schedule(session.Upstream.Snapshot.RequestTimeout, () => Fail(WireErrors.NotExecuted));
    }

    /// <summary>Answers if everything is confirmed.</summary>
    public void TryComplete()
    {
        if (_isOver) return;
        while (_next < subscriptions.Length && subscriptions[_next].IsConfirmed) _next++;
        if (_next < subscriptions.Length) return;
        // One of the first may have been lost again while the last were awaited.
        _next = 0;
        if (!Array.TrueForAll(subscriptions, subscription => subscription.IsConfirmed)) return;
        ReplyBuilder acknowledgements = session.Loop.Builder.Start(session.IsResp3);
        foreach (SharedSubscription subscription in subscriptions)
        {
            session.Subscriptions!.Add(subscription);
            session.Subscriptions.Acknowledge(acknowledgements, subscription.Kind, isSubscribe: true, subscription.Name);
        }

        End();
        session.Complete(_number, acknowledgements.Written);
    }

    /// <summary>A node has refused one of them: none is subscribed.</summary>
    public void Refuse(ReadOnlySpan<byte> reply)
    {
        if (_isOver) return;
        KeyNamespace ns = session.Namespace;
        var shown = new byte[reply.Length];
        int length = ReplyRewriter.Write(reply, Protocol.Commands.ReplyRule.Verbatim, ns, shown);
        Fail(shown.AsSpan(0, length));
    }

    /// <summary>The client is gone.</summary>
    public void End()
    {
        _isOver = true;
        _timer?.Cancel();
        if (session.Subscriptions!.Wait == this) session.Subscriptions.Wait = null;
        foreach (SharedSubscription subscription in subscriptions) subscription.EndWait(this);
    }

    private void Fail(ReadOnlySpan<byte> error)
    {
        if (_isOver) return;
        End();
        session.Complete(_number, error);
    }
}
