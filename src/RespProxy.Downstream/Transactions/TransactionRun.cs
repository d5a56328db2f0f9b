using System.Buffers;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Transactions;

/// <summary>
/// A transaction that was sent: waits for EXEC's reply, takes the namespace off each element by its command's rule, and puts the replies that the
/// proxy gives itself into their places.
/// </summary>
internal sealed class TransactionRun(ClientSession session, Transaction transaction, WatchLease? watch, byte mark, uint number) : IReplySink
{
    /// <summary>EXEC's mark: whether its reply is to be swallowed.</summary>
    public byte Mark => mark;

    /// <summary>EXEC's place in the line of replies.</summary>
    public uint Number => number;

    /// <summary>The commands on the whole keyspace.</summary>
    public KeyspaceSteps Steps { get; } = new(session);

    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        watch?.EndAfterExec();
        if (reply[0] == '-') CompleteError(request, reply);
        else if (IsNull(reply)) Complete(reply);
        else TakeArray(reply);
    }

    public void OnSlow(in InFlightRequest request, ReadOnlySpan<byte> bytes) => SlowRequests.Record(session, request, "*1\r\n$4\r\nEXEC\r\n"u8);

    public void OnObserved(in InFlightRequest request, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply) => session.Loop.Insight.Replies.ObserveUnit(session, bytes, reply);

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        watch?.EndAfterExec();
        // A watch whose connection broke before EXEC had left is a lost race; after that nobody knows.
        if (watch is not null && failure == UpstreamFailure.NotExecuted) Complete(session.Loop.Builder.Start(session.IsResp3).NullArray().Written);
        else Complete(Refusals.Line(failure));
    }

    public void OnDelayed(in InFlightRequest request) => session.OnDelayed(request);

    /// <summary>The replies of a transaction of which no node had to be asked.</summary>
    public void CompleteLocally() => Steps.Run(transaction.Trailing, Compose);

    private void Compose()
    {
        var output = new ArrayBufferWriter<byte>();
        WriteHeader(output);
        foreach (QueuedCommand command in transaction.Commands)
        {
            int before = output.WrittenCount;
            WriteOwn(command, output);
            session.Account.SettleQueued(command.Spec, output.WrittenSpan[before..]);
        }

        Complete(output.WrittenSpan);
    }

    private void CompleteError(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        bool movedUnderWatch = watch is not null && NodeErrors.Classify(reply) != NodeErrorKind.Plain;
        if (movedUnderWatch) Complete(session.Loop.Builder.Start(session.IsResp3).NullArray().Written);
        else session.OnReply(request, reply);
    }

    /// <summary>The node has run its commands. What follows them may take its time; the reply's bytes do not wait.</summary>
    private void TakeArray(ReadOnlySpan<byte> reply)
    {
        if (transaction.Trailing.Count == 0)
        {
            Compose(reply);
            return;
        }

        byte[] kept = reply.ToArray();
        Steps.Run(transaction.Trailing, () => Compose(kept));
    }

    private void Compose(ReadOnlySpan<byte> reply)
    {
        var output = new ArrayBufferWriter<byte>(reply.Length + 64);
        var cursor = new ReplyCursor(reply);
        long count = cursor.ReadAggregateHeader();
        if (count != transaction.NodeCommands)
        {
            Complete("-ERR upstream sent a reply of an unexpected form\r\n"u8);
            return;
        }

        WriteHeader(output);
        foreach (QueuedCommand command in transaction.Commands)
        {
            int before = output.WrittenCount;
            if (command.IsForNode) WriteElement(cursor.Skip(), command.Spec, output);
            else WriteOwn(command, output);
            session.Account.SettleQueued(command.Spec, output.WrittenSpan[before..]);
        }

        Complete(output.WrittenSpan);
    }

    private void Complete(ReadOnlySpan<byte> reply) => session.Complete(number, mark, reply);

    private void WriteOwn(in QueuedCommand command, ArrayBufferWriter<byte> output)
    {
        if (command.Spec.Route == RouteRule.Keyspace) output.Write(Steps.NextReply());
        else RunQueued(command, output);
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
        session.CaptureReplies(new BufferCapture(output));
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

    private sealed class BufferCapture(ArrayBufferWriter<byte> output) : IReplyCapture
    {
        public void Take(ReadOnlySpan<byte> reply) => output.Write(reply);
    }
}
