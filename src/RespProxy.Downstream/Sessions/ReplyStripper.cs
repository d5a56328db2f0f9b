using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Sessions;

/// <summary>Takes the tenant's namespace off what a node replied. Stage 14 of docs/architecture.md. Loop thread only.</summary>
internal static class ReplyStripper
{
    /// <summary>Completes a request with its reply as the tenant may see it: stripped, or withheld when it names a key of someone else.</summary>
    public static void Complete(ClientSession session, in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (request.Command!.IsOfModule && reply.StartsWith("-ERR unknown command "u8))
        {
            // The node quotes the arguments as it got them and cuts them somewhere, perhaps amid the namespace.
            session.Complete(request.Tag, session.Loop.Builder.Start(session.IsResp3).Error(Refusals.UnknownCommand(request.Command)).Written);
            return;
        }

        KeyNamespace ns = session.Namespace;
        ReplyRule rule = request.Command!.Reply;
        if (rule is ReplyRule.Verbatim or ReplyRule.StripStrings && !ReplyRewriter.QuotesNamespace(reply, ns))
        {
            session.Complete(request.Tag, reply);
            return;
        }

        ProxyLoop loop = session.Loop;
        byte[] scratch = loop.Events.Buffers.Rent(reply.Length);
        int length = ReplyRewriter.Write(reply, rule, ns, scratch);
        if (length < 0) loop.Counters.IsolationFaults++;
        session.Complete(request.Tag, length < 0 ? ReplyRewriter.Withheld : scratch.AsSpan(0, length));
        loop.Events.Buffers.Return(scratch);
    }
}
