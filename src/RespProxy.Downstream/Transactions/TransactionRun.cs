using System.Buffers;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Transactions;

/// <summary>
/// A transaction that was sent: waits for EXEC's reply, takes the namespace off each element by its command's rule, and puts the replies that the
/// proxy gives itself into their places.
/// </summary>
internal sealed class TransactionRun(ClientSession session, Transaction transaction, WatchLease? watch) : IReplySink
{
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        watch?.EndAfterExec();
        if (request.Mark != 0)
        {
            session.Complete(request.Tag, default);
            return;
        }

        if (reply[0] == '-') CompleteError(request, reply);
        else if (IsNull(reply)) session.Complete(request.Tag, reply);
        else CompleteArray(request.Tag, reply);
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        watch?.EndAfterExec();
        // A watch whose connection broke before EXEC had left is a lost race; after that nobody knows.
        if (watch is not null && failure == UpstreamFailure.NotExecuted) session.Complete(request.Tag, session.Loop.Builder.Start(session.IsResp3).NullArray().Written);
        else session.Complete(request.Tag, Refusals.Line(failure));
    }

    public void OnDelayed(in InFlightRequest request) => session.OnDelayed(request);

    /// <summary>The replies of a transaction of which no node had to be asked.</summary>
    public void CompleteLocally(uint number)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteHeader(output);
        foreach (QueuedCommand command in transaction.Commands) RunQueued(command, output);
        session.Complete(number, output.WrittenSpan);
    }

    private void CompleteError(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        bool movedUnderWatch = watch is not null && NodeErrors.Classify(reply) != NodeErrorKind.Plain;
        if (movedUnderWatch) session.Complete(request.Tag, session.Loop.Builder.Start(session.IsResp3).NullArray().Written);
        else session.OnReply(request, reply);
    }

    private void CompleteArray(uint number, ReadOnlySpan<byte> reply)
    {
        var output = new ArrayBufferWriter<byte>(reply.Length + 64);
        var cursor = new ReplyCursor(reply);
        long count = cursor.ReadAggregateHeader();
        if (count != transaction.NodeCommands)
        {
            session.Complete(number, "-ERR upstream sent a reply of an unexpected form\r\n"u8);
            return;
        }

        WriteHeader(output);
        foreach (QueuedCommand command in transaction.Commands)
        {
            if (command is { LocalFrame: null, Answer: null }) WriteElement(cursor.Skip(), command.Spec, output);
            else RunQueued(command, output);
        }

        session.Complete(number, output.WrittenSpan);
    }

    /// <summary>Runs a command that was queued for the proxy itself; its reply becomes an element of EXEC's.</summary>
    private void RunQueued(in QueuedCommand command, ArrayBufferWriter<byte> output)
    {
        if (command.Answer is not null)
        {
            output.Write(command.Answer);
            return;
        }

        int before = output.WrittenCount;
        var reader = new RequestReader();
        reader.Read(command.LocalFrame, RequestLimits.Default, out int length);
        session.CaptureReplies(output);
        RequestView request = reader.View(command.LocalFrame, length);
        // The reply it would wait for is this EXEC's own.
        if (command.Spec.Local == LocalCommand.Select) SelectCommand.Execute(session, request);
        else LocalCommands.TryExecute(session, request, command.Spec);
        session.CaptureReplies(null);
        // EXEC's array has one element for each command, also for one that answers nothing by itself.
        if (output.WrittenCount == before) output.Write("+OK\r\n"u8);
    }

    private void WriteElement(ReadOnlySpan<byte> element, CommandSpec spec, ArrayBufferWriter<byte> output)
    {
        KeyNamespace ns = session.Namespace;
        int length = ReplyRewriter.Write(element, spec.Reply, ns, output.GetSpan(element.Length));
        if (length >= 0)
        {
            output.Advance(length);
            return;
        }

        session.Loop.Counters.IsolationFaults++;
        output.Write(ReplyRewriter.Withheld);
    }

    private void WriteHeader(ArrayBufferWriter<byte> output)
    {
        Span<byte> header = output.GetSpan(16);
        header[0] = (byte)'*';
        int length = 1 + RespNumber.Write(header[1..], transaction.Commands.Count);
        header[length++] = (byte)'\r';
        header[length++] = (byte)'\n';
        output.Advance(length);
    }

    private static bool IsNull(ReadOnlySpan<byte> reply) => reply[0] == '_' || reply.SequenceEqual("*-1\r\n"u8);
}
