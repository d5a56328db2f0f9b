using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Transactions;

/// <summary>
/// Runs the commands on the whole keyspace that were queued within a transaction, one after the other, and keeps their replies. They take many
/// requests to many nodes, which no node runs as one with the rest: those queued first run before the commands of the node, those queued
/// last after them, each at its place among the transaction's commands; but other clients' commands may run in between. Loop thread only.
/// </summary>
internal sealed class KeyspaceSteps(ClientSession session) : IReplyCapture
{
    private readonly Queue<QueuedCommand> _waiting = new();
    private readonly Queue<byte[]> _replies = new();
    private Action? _whenDone;
    private bool _isAnswered;
    private bool _isStepping;

    /// <summary>Calls back when all are answered; never when the client has gone.</summary>
    public void Run(IEnumerable<QueuedCommand> commands, Action whenDone)
    {
        foreach (QueuedCommand command in commands) _waiting.Enqueue(command);
        _whenDone = whenDone;
        Step();
    }

    /// <summary>The replies in the order of the commands.</summary>
    public ReadOnlySpan<byte> NextReply() => _replies.Dequeue();

    public void Take(ReadOnlySpan<byte> reply)
    {
        _replies.Enqueue(reply.ToArray());
        _isAnswered = true;
        if (!_isStepping) Step();
    }

    /// <summary>Goes on as long as answers come at once; otherwise the next answer calls again.</summary>
    private void Step()
    {
        _isStepping = true;
        _isAnswered = true;
        while (_isAnswered && !session.IsClosed && _waiting.TryDequeue(out QueuedCommand command))
        {
            _isAnswered = false;
            Begin(command);
        }

        _isStepping = false;
        if (_isAnswered && !session.IsClosed) _whenDone!();
    }

    private void Begin(in QueuedCommand command)
    {
        var reader = new RequestReader();
        reader.Read(command.LocalFrame, RequestLimits.Default, out int length);
        session.CaptureReplies(this);
        KeyspaceCommands.Execute(session, reader.View(command.LocalFrame, length), command.Spec);
        session.CaptureReplies(null);
    }
}
