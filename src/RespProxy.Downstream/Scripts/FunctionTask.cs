using System.Diagnostics.CodeAnalysis;
using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Scripts;

/// <summary>
/// A command on the tenant's function libraries, which every primary keeps for itself. Sent as the upstream's user: a tenant's own may call functions
/// and nothing more of them, and what is sent here names the tenant's alone. Loop thread only.
/// </summary>
internal abstract class FunctionTask(ClientSession session) : KeyspaceTask(session, ScanFilter.OfAllDatabases(session.Namespace))
{
    private Node[] _primaries = [];

    /// <summary>Some primaries may have done it.</summary>
    protected static ReadOnlySpan<byte> Unfinished => "-ERR upstream unavailable, the function libraries may differ from node to node now, run the command again\r\n"u8;

    protected int PrimaryCount => _primaries.Length;

    public override void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        if (!IsOver) Answer(Unfinished);
    }

    /// <summary>False, and answered, while the topology is not known.</summary>
    protected bool TryTakePrimaries()
    {
        _primaries = Upstream.Map is { } map ? [.. map.Primaries] : [];
        if (_primaries.Length == 0) Answer(WireErrors.NotExecuted);
        return _primaries.Length > 0;
    }

    /// <summary>Asks a primary by its place; the reply's tag is <paramref name="tag"/>.</summary>
    protected void Send(int primary, CommandSpec command, uint tag, params ReadOnlySpan<byte[]> arguments)
    {
        ReplyBuilder bytes = new ReplyBuilder().Start(resp3: false).Array(arguments.Length);
        foreach (byte[] argument in arguments) bytes.Bulk(argument);
        var request = new InFlightRequest { Sink = this, Command = command, StartedAt = Session.Loop.Events.Now, Slot = InFlightRequest.BoundToNode, Tag = tag };
        Upstream.SendTo(_primaries[primary], request, bytes.Written);
    }

    protected byte[] Upstreamed(ReadOnlySpan<byte> name) => [.. Namespace.FunctionPrefix, .. name];

    /// <summary>The libraries of a FUNCTION LIST in RESP2; false when it has no such form.</summary>
    protected bool TryReadLibraries(ReadOnlySpan<byte> reply, [NotNullWhen(true)] out List<LibraryEntry>? libraries)
    {
        libraries = null;
        var cursor = new ReplyCursor(reply);
        if (cursor.Kind != '*') return false;
        libraries = [];
        long count = cursor.ReadAggregateHeader();
        for (long i = 0; i < count; i++)
        {
            if (!LibraryEntry.TryRead(ref cursor, out LibraryEntry? library)) return false;
            // The pattern asked for these only; one that is not would be another's.
            if (library.Name.AsSpan().StartsWith(Namespace.FunctionPrefix)) libraries.Add(library);
            else Session.Loop.Counters.IsolationFaults++;
        }

        return true;
    }

    protected static CommandSpec Row(string subcommand) => CommandTable.FindSubcommand(CommandTable.Find("FUNCTION"u8)!, System.Text.Encoding.ASCII.GetBytes(subcommand))!;

    protected static byte[] Word(string word) => System.Text.Encoding.ASCII.GetBytes(word);
}

/// <summary>A library as FUNCTION LIST tells it, names as the nodes have them.</summary>
internal sealed record LibraryEntry(byte[] Name, byte[] Engine, List<FunctionEntry> Functions, byte[]? Code)
{
    /// <summary>Reads one element, <c>[field, value, ...]</c>.</summary>
    public static bool TryRead(ref ReplyCursor cursor, [NotNullWhen(true)] out LibraryEntry? library)
    {
        library = null;
        byte[] name = [], engine = [];
        byte[]? code = null;
        List<FunctionEntry> functions = [];
        long fields = cursor.ReadAggregateHeader();
        for (long i = 0; i < fields; i += 2)
        {
            if (!cursor.TryReadBulk(out ReadOnlySpan<byte> field)) return false;
            if (field.SequenceEqual("functions"u8))
            {
                for (long left = cursor.ReadAggregateHeader(); left > 0; left--) functions.Add(FunctionEntry.Read(ref cursor));
                continue;
            }

            bool isText = cursor.TryReadBulk(out ReadOnlySpan<byte> value);
            if (!isText) cursor.Skip();
            else if (field.SequenceEqual("library_name"u8)) name = value.ToArray();
            else if (field.SequenceEqual("engine"u8)) engine = value.ToArray();
            else if (field.SequenceEqual("library_code"u8)) code = value.ToArray();
        }

        library = new LibraryEntry(name, engine, functions, code);
        return true;
    }
}

/// <summary>A function within a library; <paramref name="Description"/> is null when it has none.</summary>
internal sealed record FunctionEntry(byte[] Name, byte[]? Description, List<byte[]> Flags)
{
    public static FunctionEntry Read(ref ReplyCursor cursor)
    {
        byte[] name = [];
        byte[]? description = null;
        List<byte[]> flags = [];
        long fields = cursor.ReadAggregateHeader();
        for (long i = 0; i < fields; i += 2)
        {
            cursor.TryReadBulk(out ReadOnlySpan<byte> field);
            if (field.SequenceEqual("flags"u8))
            {
                for (long left = cursor.ReadAggregateHeader(); left > 0; left--)
                {
                    ReadOnlySpan<byte> flag = cursor.Skip();
                    // Simple strings or bulk strings, by the server's version.
                    flags.Add(flag[0] == '+' ? flag[1..^2].ToArray() : new ReplyCursor(flag).TryReadBulk(out ReadOnlySpan<byte> text) ? text.ToArray() : []);
                }

                continue;
            }

            if (!cursor.TryReadBulk(out ReadOnlySpan<byte> value)) cursor.Skip();
            else if (field.SequenceEqual("name"u8)) name = value.ToArray();
            else if (field.SequenceEqual("description"u8)) description = value.ToArray();
        }

        return new FunctionEntry(name, description, flags);
    }
}
