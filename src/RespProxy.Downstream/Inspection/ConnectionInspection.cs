using System.Diagnostics;
using RespProxy.Downstream.Sessions;
using RespProxy.Transport;

namespace RespProxy.Downstream.Inspection;

/// <summary>
/// The client connections, for those who operate the proxy. Which there are is known on any thread; how they stand, their loops are asked, a few at a time, so
/// that no turn gets longer by it. Any thread.
/// </summary>
public sealed class ConnectionInspection
{
    private readonly SessionRegistry _registry;

    internal ConnectionInspection(SessionRegistry registry) => _registry = registry;

    /// <summary>A page of the connections. Those that end meanwhile are left out.</summary>
    /// <param name="tenant">Only those of this tenant; null for all.</param>
    /// <param name="after">Only those with a greater id: 0, or <see cref="ConnectionPage.Next"/>.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="TimeoutException">A loop has not answered in time.</exception>
    public async Task<ConnectionPage> ReadAsync(string? tenant, long after, int limit, CancellationToken cancellation)
    {
        ClientSession[] chosen = [.. Of(tenant).Where(session => session.Id > after).OrderBy(session => session.Id).Take(limit + 1)];
        bool isMore = chosen.Length > limit;
        ClientSession[] shown = isMore ? chosen[..limit] : chosen;
        var readings = new List<ConnectionReading>(shown.Length);
        await AskAsync(shown, session => session.IsClosed ? null : Read(session), readings, cancellation).ConfigureAwait(false);
        return new ConnectionPage([.. readings.OrderBy(reading => reading.Id)], isMore ? shown[^1].Id : null);
    }

    /// <summary>Closes one connection at once. False: there is none of that id.</summary>
    public async Task<bool> KillAsync(long id, CancellationToken cancellation)
    {
        ClientSession? session = _registry.Find(id);
        return session is not null && await KillAsync([session], cancellation).ConfigureAwait(false) > 0;
    }

    /// <summary>Closes all of a tenant's connections at once.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> KillAllAsync(string tenant, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(tenant);
        return KillAsync([.. Of(tenant)], cancellation);
    }

    /// <summary>How many each tenant has; under the empty name those that have not authenticated.</summary>
    public IReadOnlyDictionary<string, int> CountByTenant() =>
        _registry.All.CountBy(session => session.Tenant?.Name ?? "", StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);

    private IEnumerable<ClientSession> Of(string? tenant) => tenant is null ? _registry.All : _registry.All.Where(session => session.Tenant?.Name == tenant);

    private static async Task<int> KillAsync(ClientSession[] sessions, CancellationToken cancellation)
    {
        var killed = new List<ClientSession>();
        await AskAsync(sessions, Kill, killed, cancellation).ConfigureAwait(false);
        return killed.Count;
    }

    /// <summary>Null: it was closed already. On the session's loop.</summary>
    private static ClientSession? Kill(ClientSession session)
    {
        if (session.IsClosed) return null;
        session.Abort();
        return session;
    }

    /// <summary>Asks each session's loop about it; what is null is left out.</summary>
    private static async Task AskAsync<T>(IEnumerable<ClientSession> sessions, Func<ClientSession, T?> question, List<T> answers, CancellationToken cancellation)
        where T : class
    {
        foreach (IGrouping<EventLoop, ClientSession> ofLoop in sessions.GroupBy(session => session.Loop.Events))
        {
            foreach (ClientSession[] portion in ofLoop.Chunk(LoopQuestion.Portion))
                answers.AddRange(await LoopQuestion.AskAsync(ofLoop.Key, () => portion.Select(question).OfType<T>().ToArray(), cancellation).ConfigureAwait(false));
        }
    }

    /// <summary>On the session's loop.</summary>
    private static ConnectionReading Read(ClientSession session)
    {
        SessionIdentity identity = session.Identity;
        (long unread, long unsent, long written) = session.Bytes;
        return new ConnectionReading
        {
            Id = session.Id,
            Address = session.RemoteAddress,
            Listener = session.Origin.Listener,
            Tenant = session.Tenant?.Name,
            Name = identity.Name,
            Library = $"{identity.Library} {identity.LibraryVersion}".Trim(),
            Age = session.Loop.Time.GetUtcNow() - session.CreatedAt,
            Idle = Stopwatch.GetElapsedTime(session.LastHeardAt, Math.Max(session.LastHeardAt, session.Loop.Events.Now)),
            LastCommand = session.Account.Command?.Name.ToLowerInvariant(),
            RespVersion = session.IsResp3 ? 3 : 2,
            Database = identity.Database,
            Pending = session.Pending,
            IsBlocked = session.IsBlocked,
            IsSubscribed = session.IsSubscribed,
            IsInTransaction = session.Transaction is not null,
            UnreadBytes = unread,
            UnsentBytes = unsent,
            WrittenBytes = written,
        };
    }
}
