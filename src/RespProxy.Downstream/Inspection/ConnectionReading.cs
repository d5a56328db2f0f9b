namespace RespProxy.Downstream.Inspection;

/// <summary>One client connection as its loop saw it when it was asked.</summary>
public sealed record ConnectionReading
{
    /// <summary>Unique since the proxy's start: CLIENT ID.</summary>
    public required long Id { get; init; }

    public required string Address { get; init; }

    /// <summary>The listener it came in on.</summary>
    public required string Listener { get; init; }

    /// <summary>Null: not authenticated.</summary>
    public string? Tenant { get; init; }

    /// <summary>CLIENT SETNAME; empty when it has none.</summary>
    public required string Name { get; init; }

    /// <summary>CLIENT SETINFO: name and version of its library; empty when it said nothing.</summary>
    public required string Library { get; init; }

    public TimeSpan Age { get; init; }

    /// <summary>Since it last sent something.</summary>
    public TimeSpan Idle { get; init; }

    /// <summary>In lower case; null: none yet, or one that no Redis knows.</summary>
    public string? LastCommand { get; init; }

    /// <summary>2 or 3.</summary>
    public int RespVersion { get; init; }

    public int Database { get; init; }

    /// <summary>Requests not answered to it yet.</summary>
    public int Pending { get; init; }

    /// <summary>A command of it waits at a node.</summary>
    public bool IsBlocked { get; init; }

    public bool IsSubscribed { get; init; }

    /// <summary>Between MULTI and EXEC.</summary>
    public bool IsInTransaction { get; init; }

    /// <summary>Received and not yet taken.</summary>
    public long UnreadBytes { get; init; }

    /// <summary>Written to it and not yet handed to the system.</summary>
    public long UnsentBytes { get; init; }

    /// <summary>Written to it since it came.</summary>
    public long WrittenBytes { get; init; }
}

/// <summary>Some of the connections, by their ids.</summary>
/// <param name="Connections">Ascending by id.</param>
/// <param name="Next">Where the next page begins: connections after this id; null when there are no more.</param>
public sealed record ConnectionPage(IReadOnlyList<ConnectionReading> Connections, long? Next);
