using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.Downstream.Blocking;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Replication;

/// <summary>
/// WAIT and WAITAOF. A node counts the replicas that have what the <em>asking</em> connection wrote, and the client's writes went over others. So a
/// connection of its own first writes something itself, which comes after all that was answered to the client before, at every primary that may have writes of
/// the client's; then it asks. Those that have that write have the client's too. docs/decisions/wait.md
///
/// <para>A node that was lost or replaced since the client's last count may have lost writes that nobody can wait for any more: then the count is 0.</para>
///
/// Begins with nothing owed to the client. Loop thread only.
/// </summary>
internal sealed class ReplicationWait : IBlockedCommand
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);

    private readonly ClientSession _session;
    private readonly UpstreamLoop _upstream;
    private readonly CommandSpec _command;
    private readonly byte[] _request;
    private readonly TimeSpan _timeout;
    private readonly byte _mark;
    private readonly uint _number;
    private PrimaryWait[] _parts = [];
    private ReplicaCount _count;
    private LoopTimer? _timer;
    private long _searchingSince;
    private int _unanswered;
    private bool _isOver;

    /// <summary>Takes the request's place in the line of replies.</summary>
    /// <param name="session">Whose writes are waited for.</param>
    /// <param name="command">The row of the command.</param>
    /// <param name="request">As the client sent it.</param>
    /// <param name="timeout">As the request says; zero for ever.</param>
    public ReplicationWait(ClientSession session, CommandSpec command, byte[] request, TimeSpan timeout)
    {
        _session = session;
        _upstream = session.Identity.SharedUpstream;
        _command = command;
        _request = request;
        _timeout = timeout;
        _count = NewCount(command);
        _mark = session.TakeReplyMark();
        _number = session.Reserve();
        _searchingSince = session.Loop.Events.Now;
    }

    /// <summary>How many numbers the command answers.</summary>
    public static ReplicaCount NewCount(CommandSpec command) => new(numbers: command.Name == "WAIT" ? 1 : 2);

    public void Start()
    {
        if (_isOver) return;
        if (HasLostNodes)
        {
            AnswerCount();
            return;
        }

        Node[] primaries = PrimariesOfClient();
        if (primaries.Length == 0)
        {
            TryAgain();
            return;
        }

        _count = NewCount(_command);
        _unanswered = primaries.Length;
        _parts = [.. primaries.Select(primary => new PrimaryWait(_session, this, _command, _request, primary))];
        _timer = _session.Loop.Events.Schedule(_upstream.Snapshot.RequestTimeout, OnMarkDue);
        PrimaryWait[] parts = _parts;
        foreach (PrimaryWait part in parts)
        {
            if (_isOver || parts != _parts) return;
            if (part.TryStart()) continue;
            Answer(WireErrors.TooManyLeases);
            return;
        }
    }

    public void Cancel()
    {
        _isOver = true;
        CancelParts();
    }

    /// <summary>The primaries that have not counted enough answer what they have counted.</summary>
    public bool Unblock(bool withError)
    {
        bool any = false;
        foreach (PrimaryWait part in _parts) any |= part.Unblock(withError);
        return any;
    }

    /// <summary>A primary has answered the command.</summary>
    public void OnAnswered(ReadOnlySpan<byte> reply)
    {
        if (reply[0] == '-')
        {
            if (reply.StartsWith("-UNBLOCKED force unblock"u8)) TryAgain();
            else Answer(reply);
        }
        else if (!_count.TryAdd(reply))
        {
            Answer("-ERR upstream sent a reply of an unexpected form\r\n"u8);
        }
        else if (--_unanswered == 0)
        {
            AnswerCount();
        }
    }

    /// <summary>A primary did not take the write that its count would be measured by.</summary>
    public void OnUnmarked(ReadOnlySpan<byte> reply)
    {
        if (NodeErrors.Classify(reply) != NodeErrorKind.Plain) TryAgain();
        else Answer("-ERR upstream refused the write that marks the place to wait for, nothing was waited for\r\n"u8);
    }

    /// <summary>At all primaries anew, after a pause; until the request timeout is over.</summary>
    public void TryAgain()
    {
        if (_isOver) return;
        if (_parts.Length > 0 && _parts.All(part => part.IsMarked)) _searchingSince = _session.Loop.Events.Now;
        CancelParts();
        long searched = _session.Loop.Events.Now - _searchingSince;
        if (searched > _upstream.Snapshot.RequestTimeout.TotalSeconds * Stopwatch.Frequency) Answer(WireErrors.NotExecuted);
        else _session.Loop.Events.Schedule(RetryPause, Start);
    }

    /// <summary>Connections were lost, or primaries replaced, that the client may have written to since its last count.</summary>
    private bool HasLostNodes => Math.Max(_upstream.LastLossAt, _session.Upstream.LastLossAt) >= _session.CountsWritesSince;

    /// <summary>Those that may have writes of the client's.</summary>
    private Node[] PrimariesOfClient()
    {
        if (_upstream.Map is not { } map) return [];
        if (_session.Namespace.Placement != KeyPlacement.Pinned) return [.. map.Primaries];
        return map.PrimaryOf(_session.Namespace.SlotOf(default)) is { } only ? [only] : [];
    }

    private void OnMarkDue()
    {
        if (_isOver) return;
        if (!_parts.All(part => part.IsMarked)) Answer(WireErrors.TimedOut);
        // The node keeps the time; this is for one that does not answer any more.
        else if (_timeout > TimeSpan.Zero) _timer = _session.Loop.Events.Schedule(_timeout, () => Answer(WireErrors.TimedOut));
    }

    private void AnswerCount()
    {
        if (HasLostNodes) _count.Void();
        _session.CountsWritesSince = _session.Loop.Events.Now;
        Answer(_count.WriteTo(_session.Loop.Builder.Start(_session.IsResp3)));
    }

    private void Answer(ReadOnlySpan<byte> reply)
    {
        if (_isOver) return;
        Cancel();
        _session.EndBlocked();
        _session.Complete(_number, _mark, reply);
    }

    private void CancelParts()
    {
        _timer?.Cancel();
        foreach (PrimaryWait part in _parts) part.Cancel();
        _parts = [];
    }
}
