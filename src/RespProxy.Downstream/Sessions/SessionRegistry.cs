using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RespProxy.Downstream.PubSub;

namespace RespProxy.Downstream.Sessions;

/// <summary>All client connections of all loops, for CLIENT LIST and KILL, the connection limit and draining. Any thread; touched when a client comes or goes, never per command.</summary>
internal sealed partial class SessionRegistry(int maxClients, ILogger logger)
{
    private readonly ConcurrentDictionary<long, ClientSession> _sessions = new();
    private int _count;
    private long _lastId;
    private long _accepted;
    private long _rejected;

    public int Count => Volatile.Read(ref _count);

    public long Accepted => Volatile.Read(ref _accepted);

    public long Rejected => Volatile.Read(ref _rejected);

    public IEnumerable<ClientSession> All => _sessions.Select(pair => pair.Value);

    /// <summary>Who listens to what, for PUBSUB.</summary>
    public ChannelCounts Channels { get; } = new();

    public long NextId() => Interlocked.Increment(ref _lastId);

    public ClientSession? Find(long id) => _sessions.GetValueOrDefault(id);

    /// <summary>False when there are as many connections as allowed.</summary>
    public bool TryAdd(ClientSession session)
    {
        if (Interlocked.Increment(ref _count) > maxClients)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Increment(ref _rejected);
            return false;
        }

        Interlocked.Increment(ref _accepted);
        _sessions[session.Id] = session;
        return true;
    }

    public void Remove(ClientSession session)
    {
        if (_sessions.TryRemove(session.Id, out _)) Interlocked.Decrement(ref _count);
    }

    public void LogOutputLimit(ClientSession session, long unsent) => LogOutputLimit(session.Id, session.Tenant?.Name, unsent);

    public void LogBrokenReply(ClientSession session) => LogBrokenReply(session.Id, session.Tenant?.Name);

    [LoggerMessage(3101, LogLevel.Warning, "Client {Client} of tenant {Tenant} closed: it left {Unsent} bytes of replies unread")]
    private partial void LogOutputLimit(long client, string? tenant, long unsent);

    [LoggerMessage(3102, LogLevel.Warning, "Client {Client} of tenant {Tenant} closed: the node was lost in the middle of a large reply, half of which the client has")]
    private partial void LogBrokenReply(long client, string? tenant);
}
