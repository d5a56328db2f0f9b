using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Tracking;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Transactions;

/// <summary>
/// What a client has queued since MULTI. Commands for the node are kept as the node shall get them; what the proxy answers itself is kept
/// as it came and run at EXEC, so that its effect comes then too.
/// </summary>
internal sealed class Transaction
{
    private byte[] _bytes = [];

    /// <param name="ns">The database selected at MULTI.</param>
    public Transaction(KeyNamespace ns)
    {
        Namespace = ns;
        Append("*1\r\n$5\r\nMULTI\r\n"u8);
    }

    /// <summary>Where the keys of the next command are: the database of the last SELECT queued.</summary>
    public KeyNamespace Namespace { get; private set; }

    /// <summary>A SELECT is queued: what comes after EXEC may be for another database than what came before it.</summary>
    public bool Selects { get; private set; }

    public List<QueuedCommand> Commands { get; } = [];

    /// <summary>What the queued commands read, for a client that tracks.</summary>
    public List<TrackedName> Reads { get; } = [];

    /// <summary>An error was answered at queue time: EXEC will abort.</summary>
    public bool IsDirty { get; set; }

    /// <summary>A command is queued that a tenant over its quota may not run; known of tenants only whose quota is enforced.</summary>
    public bool MayAddData { get; set; }

    /// <summary>Slot of the queued keys; -1 while there are none.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Slot of the first PUBLISH, which decides when no key does; -1 while there is none.</summary>
    public int ChannelSlot { get; set; } = -1;

    /// <summary>Queued commands that the node answers.</summary>
    public int NodeCommands { get; private set; }

    /// <summary>Some are answered by the proxy, and may change the session, when EXEC is.</summary>
    public bool HasLocalCommands { get; private set; }

    /// <summary>Commands on the whole keyspace that run before those of the node.</summary>
    public List<QueuedCommand> Leading { get; } = [];

    /// <summary>Commands on the whole keyspace that run after those of the node: none of these may be queued behind them.</summary>
    public List<QueuedCommand> Trailing { get; } = [];

    public bool HasKeyspace => Leading.Count + Trailing.Count > 0;

    /// <summary>MULTI and the queued commands so far.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public int Length { get; private set; }

    /// <summary>Room for a queued command; call <see cref="Queue"/> with what was written.</summary>
    public Span<byte> Reserve(int size)
    {
        if (_bytes.Length - Length < size) Array.Resize(ref _bytes, checked(Math.Max(_bytes.Length * 2, Length + size)));
        return _bytes.AsSpan(Length);
    }

    public void Queue(CommandSpec spec, int written)
    {
        Length += written;
        NodeCommands++;
        Commands.Add(new QueuedCommand(spec, null, null));
    }

    /// <summary>Queues a command whose reply is known already: one that Redis refuses only at EXEC. The others run.</summary>
    public void QueueAnswer(CommandSpec spec, ReadOnlySpan<byte> answer) => Commands.Add(new QueuedCommand(spec, null, answer.ToArray()));

    public void QueueLocal(CommandSpec spec, in RequestView request)
    {
        HasLocalCommands = true;
        Commands.Add(new QueuedCommand(spec, request.Frame.ToArray(), null));
    }

    /// <summary>What EXEC finds out of a watch comes before all effects, so under a watch every command on the keyspace runs after the node's.</summary>
    public void QueueKeyspace(CommandSpec spec, in RequestView request, bool isWatched)
    {
        QueueLocal(spec, request);
        (NodeCommands > 0 || isWatched ? Trailing : Leading).Add(Commands[^1]);
    }

    /// <summary>Queues a SELECT: the commands queued from now on are for another database. One that will fail changes none.</summary>
    public void QueueSelect(CommandSpec spec, in RequestView request, Tenant tenant)
    {
        QueueLocal(spec, request);
        Selects = true;
        if (DatabaseNumber.TryRead(request[1], tenant, out int database, out _)) Namespace = tenant.Databases[database];
    }

    /// <summary>Adds the EXEC that ends it.</summary>
    public void Close() => Append("*1\r\n$4\r\nEXEC\r\n"u8);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }
}

/// <summary>
/// A queued command; <paramref name="LocalFrame"/> is its request when the proxy answers it itself at EXEC, <paramref name="Answer"/> its reply when that is known
/// when it is queued. A node answers all others.
/// </summary>
internal readonly record struct QueuedCommand(CommandSpec Spec, byte[]? LocalFrame, byte[]? Answer)
{
    public bool IsForNode => LocalFrame is null && Answer is null;
}
