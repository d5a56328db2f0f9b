using System.Diagnostics;
using System.Globalization;
using System.Text;
using RespProxy.Downstream.PubSub;
using RespProxy.Downstream.Routing;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.SlowLog;

/// <summary>
/// Keeps a slow request in its tenant's log. The arguments are read where they still are, in the output of the node connection,
/// and lose the namespace again. Loop thread only.
///
/// <para>A command that was split is kept as the part that was slow, a transaction as its EXEC. Not kept are commands that wait by themselves
/// (blocking ones), those the proxy answers itself and those on the whole keyspace, which hold up no node.</para>
/// </summary>
internal static class SlowRequests
{
    /// <summary>Redis's SLOWLOG_ENTRY_MAX_ARGC.</summary>
    private const int MostArguments = 32;

    /// <summary>Redis's SLOWLOG_ENTRY_MAX_STRING.</summary>
    private const int LongestArgument = 128;

    /// <summary>Told in place of the name in the other database, where a key went by MOVE or COPY.</summary>
    private static readonly byte[] OfAnotherDatabase = "?"u8.ToArray();

    public static void Record(ClientSession session, in InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        if (session.Tenant is not { } tenant) return;
        ProxyLoop loop = session.Loop;
        long second = loop.Time.GetUtcNow().ToUnixTimeSeconds();
        if (loop.Facts.SlowLogs.Reserve(tenant, second) is not { } log) return;
        long microseconds = (long)Stopwatch.GetElapsedTime(request.StartedAt, loop.Events.Now).TotalMicroseconds;
        CommandSpec spec = request.Command!;
        KeyNamespace ns = spec.Route == RouteRule.Channel ? ChannelName.NamespaceOf(tenant, spec) : session.Namespace;
        byte[][] arguments = ArgumentsOf(bytes, spec, ns);
        log.Add(new SlowCommand(second, microseconds, arguments, session.RemoteAddress, session.Identity.Name));
    }

    private static byte[][] ArgumentsOf(ReadOnlySpan<byte> bytes, CommandSpec spec, KeyNamespace ns)
    {
        var reader = new RequestReader();
        if (reader.Read(bytes, RequestLimits.Default, out int length) != ReadStatus.Request) return [];
        RequestView request = reader.View(bytes, length);
        HashSet<int> names = NamesIn(request, spec);
        int kept = Math.Min(request.Count, MostArguments);
        var arguments = new byte[kept][];
        for (int i = 0; i < kept; i++) arguments[i] = Shorten(names.Contains(i) ? ns.Decode(request[i]) ?? OfAnotherDatabase : request[i]);
        // It went out as RENAMENX.
        if (spec.Keys.Shape == KeyShape.Move) arguments[0] = Encoding.ASCII.GetBytes(spec.Name);
        if (request.Count > MostArguments) arguments[^1] = Text($"... ({request.Count - MostArguments + 1} more arguments)");
        return arguments;
    }

    /// <summary>Which arguments are in the namespace: keys, patterns of keys, a channel.</summary>
    private static HashSet<int> NamesIn(in RequestView request, CommandSpec spec)
    {
        if (spec.Keys.Shape == KeyShape.Move) return [1, 2];
        var names = new KeyIndexes();
        RequestRouter.TryFindNames(request, spec, names, out _);
        return [.. names.Items, .. names.Patterns];
    }

    private static byte[] Shorten(ReadOnlySpan<byte> argument) => argument.Length <= LongestArgument
        ? argument.ToArray()
        : [.. argument[..LongestArgument], .. Text($"... ({argument.Length - LongestArgument} more bytes)")];

    private static byte[] Text(FormattableString text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));
}
