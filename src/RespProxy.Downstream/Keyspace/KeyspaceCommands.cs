using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// The commands without keys that see the whole keyspace, confined to the tenant's own, and but for FLUSHALL to the database selected: KEYS, SCAN, DBSIZE, RANDOMKEY, FLUSHDB, FLUSHALL.
/// Checks the arguments as Redis does, then hands over to a <see cref="KeyspaceTask"/>.
/// </summary>
internal static class KeyspaceCommands
{
    /// <summary>Redis's default for COUNT.</summary>
    private const int DefaultCount = 10;

    /// <summary>COUNT is a hint; more than this at once would hold up the node's other tenants.</summary>
    private const int MaxCount = 10_000;

    /// <summary>False: not now, earlier requests are unanswered; the request is offered again.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (session.Pending > 0) return session.WaitUntilIdle();
        Execute(session, request, spec);
        return true;
    }

    /// <summary>Runs a command with nothing owed to the client, or nothing but the EXEC that it belongs to.</summary>
    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        session.Identity.Insight?.OnUnsent(request, spec);
        switch (spec.Name)
        {
            case "SCAN":
                Scan(session, request);
                break;
            case "KEYS":
                new KeysTask(session, request[1]).Begin();
                break;
            case "DBSIZE":
                new CountTask(session).Begin();
                break;
            case "RANDOMKEY":
                new RandomKeyTask(session).Begin();
                break;
            case "FLUSHDB" or "FLUSHALL":
                Flush(session, request, spec);
                break;
            default:
                throw new InvalidOperationException($"{spec.Name} is routed to the whole keyspace, and nothing answers it");
        }
    }

    /// <summary>Why the tenant may not run the command; null when it may.</summary>
    public static string? RefusalOf(ClientSession session, CommandSpec spec) =>
        spec.IsWrite && !session.Identity.Policy!.AllowFlush ? $"{Refusals.Text(spec, session.Tenant!)}: its configuration does not say allowFlush: true" : null;

    private static void Scan(ClientSession session, in RequestView request)
    {
        if (!ScanCursor.TryParse(request[1], out ulong cursor))
        {
            session.Reply(KeyspaceErrors.InvalidCursor);
            return;
        }

        ReadOnlySpan<byte> error = ReadScanOptions(request, out ReadOnlySpan<byte> pattern, out int count, out byte[]? type);
        if (!error.IsEmpty)
        {
            session.Reply(error);
            return;
        }

        ScanFilter filter = ScanFilter.OfDatabase(session.Namespace, pattern);
        new ScanTask(session, filter).Begin(cursor, new ScanRequest(filter.NodePattern, count, type));
    }

    /// <summary>Reads MATCH, COUNT and TYPE; of an option given twice the last one counts. Returns the error line, or nothing.</summary>
    private static ReadOnlySpan<byte> ReadScanOptions(in RequestView request, out ReadOnlySpan<byte> pattern, out int count, out byte[]? type)
    {
        pattern = "*"u8;
        count = DefaultCount;
        type = null;
        for (int i = 2; i < request.Count; i += 2)
        {
            if (i + 1 == request.Count) return WireErrors.Syntax;
            ReadOnlySpan<byte> value = request[i + 1];
            if (LocalCommands.Is(request[i], "match"u8)) pattern = value;
            else if (LocalCommands.Is(request[i], "type"u8)) type = value.ToArray();
            else if (!LocalCommands.Is(request[i], "count"u8)) return WireErrors.Syntax;
            else if (!RespNumber.TryParse(value, out long wanted)) return WireErrors.NotAnInteger;
            else if (wanted < 1) return WireErrors.Syntax;
            else count = (int)Math.Min(wanted, MaxCount);
        }

        return default;
    }

    private static void Flush(ClientSession session, in RequestView request, CommandSpec spec)
    {
        bool isPlain = request.Count == 1;
        if (!isPlain && (request.Count > 2 || !(LocalCommands.Is(request[1], "async"u8) || LocalCommands.Is(request[1], "sync"u8))))
            session.Reply(WireErrors.Syntax);
        else if (RefusalOf(session, spec) is { } refusal)
            session.ReplyError(refusal);
        else
            new FlushTask(session, spec.Name == "FLUSHALL" ? ScanFilter.OfAllDatabases(session.Namespace) : ScanFilter.OfDatabase(session.Namespace, "*"u8)).Begin();
    }
}
