using RespProxy.Downstream.Tracking;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Transactions;

/// <summary>
/// What a client has queued since MULTI. Commands for the node are kept as the node shall get them; what the proxy answers itself is kept
/// as it came and run at EXEC, so that its effect comes then too.
/// </summary>
internal sealed class Transaction
{
    private byte[] _bytes = [];

    public Transaction() => Append("*1\r\n$5\r\nMULTI\r\n"u8);

    public List<QueuedCommand> Commands { get; } = [];

    /// <summary>What the queued commands read, for a client that tracks.</summary>
    public List<TrackedName> Reads { get; } = [];

    /// <summary>An error was answered at queue time: EXEC will abort.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Slot of the queued keys; -1 while there are none.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Slot of the first PUBLISH, which decides when no key does; -1 while there is none.</summary>
    public int ChannelSlot { get; set; } = -1;

    /// <summary>Queued commands that the node answers.</summary>
    public int NodeCommands { get; private set; }

    /// <summary>Some are answered by the proxy, and may change the session, when EXEC is.</summary>
    public bool HasLocalCommands { get; private set; }

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
        Commands.Add(new QueuedCommand(spec, null));
    }

    /// <summary>Queues a command that will fail: it fails alone, when the others have run.</summary>
    public void QueueError(CommandSpec spec, ReadOnlySpan<byte> error) => Commands.Add(new QueuedCommand(spec, null, [(byte)'-', .. error, .. "\r\n"u8]));

    public void QueueLocal(CommandSpec spec, in RequestView request)
    {
        HasLocalCommands = true;
        Commands.Add(new QueuedCommand(spec, request.Frame.ToArray()));
    }

    /// <summary>Adds the EXEC that ends it.</summary>
    public void Close() => Append("*1\r\n$4\r\nEXEC\r\n"u8);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }
}

/// <summary>A queued command; <paramref name="LocalFrame"/> is its request when the proxy answers it itself, <paramref name="Error"/> its reply when that is known.</summary>
internal readonly record struct QueuedCommand(CommandSpec Spec, byte[]? LocalFrame, byte[]? Error = null)
{
    public bool IsForNode => LocalFrame is null && Error is null;
}
