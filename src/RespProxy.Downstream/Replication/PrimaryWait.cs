using System.Globalization;
using System.Text.Unicode;
using RespProxy.Downstream.Blocking;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Protocol.Slots;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Replication;

/// <summary>
/// One primary's part of a <see cref="ReplicationWait"/>: on a leased connection a key is set and deleted at once, then the client's command follows.
/// Loop thread only.
/// </summary>
internal sealed class PrimaryWait(ClientSession session, ReplicationWait owner, CommandSpec command, byte[] request, Node node) : IReplySink
{
    private const uint MarkTag = 0;
    private const uint CommandTag = 1;

    /// <summary>The replies of MULTI, SET and DEL, which tell nothing; EXEC's does.</summary>
    private const int RepliesBeforeExec = 3;

    /// <summary>Outside every namespace, as the placement markers are: a name has an <c>@</c> before any colon.</summary>
    private const string KeyPrefix = "respproxy:wait:";

    /// <summary>Numbers tried for a key in a slot of the node; enough for a node with one slot of 16,384, but for one case in a million.</summary>
    private const int MostTries = 230_000;

    private static readonly CommandSpec ExecSpec = CommandTable.Find("EXEC"u8)!;

    private readonly UpstreamLoop _upstream = session.Identity.SharedUpstream;
    private NodeConnection? _connection;
    private bool _isOver;

    /// <summary>The node has taken the write that stands behind all of the client's.</summary>
    public bool IsMarked { get; private set; }

    /// <summary>False when no connection can be had.</summary>
    public bool TryStart()
    {
        _connection = _upstream.Lease(node, resp3: false);
        if (_connection is not { } connection) return false;
        connection.WhenReady(() => Send(connection));
        return true;
    }

    public void Cancel()
    {
        _isOver = true;
        _connection?.Abandon();
        _connection = null;
    }

    public bool Unblock(bool withError) => NodeUnblock.TrySend(session, _connection, withError);

    public void OnReply(in InFlightRequest answered, ReadOnlySpan<byte> reply)
    {
        if (_isOver) return;
        if (answered.Tag == CommandTag)
        {
            _isOver = true;
            NodeConnection connection = _connection!;
            _connection = null;
            _upstream.Return(connection);
            owner.OnAnswered(reply);
        }
        else if (reply[0] == '*')
        {
            IsMarked = true;
        }
        else
        {
            if (NodeErrors.Classify(reply) == NodeErrorKind.Moved) _upstream.LearnMoved(_connection!, reply);
            owner.OnUnmarked(reply);
        }
    }

    public void OnFailure(in InFlightRequest answered, UpstreamFailure failure)
    {
        if (!_isOver) owner.TryAgain();
    }

    public void OnDelayed(in InFlightRequest answered)
    {
        // A leased connection sends nothing again.
    }

    private void Send(NodeConnection connection)
    {
        if (_isOver)
        {
            _upstream.Return(connection);
        }
        else if (!connection.IsReady || KeyAt(node) is not { } key)
        {
            owner.TryAgain();
        }
        else
        {
            SendMark(connection, key);
            Send(connection, request, new InFlightRequest { Sink = this, Command = command, StartedAt = session.Loop.Events.Now, Tag = CommandTag });
        }
    }

    private void SendMark(NodeConnection connection, string key)
    {
        ReplyBuilder mark = new ReplyBuilder().Start(resp3: false)
            .Array(1).Bulk("MULTI")
            .Array(3).Bulk("SET").Bulk(key).Bulk("")
            .Array(2).Bulk("DEL").Bulk(key)
            .Array(1).Bulk("EXEC");
        Send(connection, mark.Written, new InFlightRequest
        {
            Sink = this,
            Command = ExecSpec,
            StartedAt = session.Loop.Events.Now,
            Tag = MarkTag,
            EarlyReplies = RepliesBeforeExec,
        });
    }

    private static void Send(NodeConnection connection, ReadOnlySpan<byte> bytes, in InFlightRequest inFlight)
    {
        bytes.CopyTo(connection.GetSpan(bytes.Length));
        connection.Send(bytes.Length, inFlight);
    }

    /// <summary>A key in one of the node's slots, another one each time: a slot that is just leaving the node has none for new keys. Null when there is none.</summary>
    private string? KeyAt(Node primary)
    {
        if (_upstream.Map is not { } map || !map.Primaries.Contains(primary)) return null;
        Span<byte> bytes = stackalloc byte[KeyPrefix.Length + 10];
        int number = Random.Shared.Next(int.MaxValue - MostTries);
        for (int i = 0; i < MostTries; i++, number++)
        {
            Utf8.TryWrite(bytes, CultureInfo.InvariantCulture, $"{KeyPrefix}{number}", out int length);
            if (map.PrimaryOf(HashSlot.Of(bytes[..length])) == primary) return KeyPrefix + number.ToString(CultureInfo.InvariantCulture);
        }

        return null;
    }
}
