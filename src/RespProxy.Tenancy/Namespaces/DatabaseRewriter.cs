using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// Writes the requests that take a key from one database to another, which upstream are two names in the same one: MOVE is RENAMENX, and COPY loses
/// its DB option. Both keep the time to live, and are atomic. Pure.
/// </summary>
public static class DatabaseRewriter
{
    /// <summary>The request as the node shall see it.</summary>
    /// <param name="request">A MOVE, or a COPY with a DB option, whose arguments parse.</param>
    /// <param name="spec">Its row.</param>
    /// <param name="from">The client's database.</param>
    /// <param name="to">The database that the request names; for MOVE another one.</param>
    public static byte[] Write(in RequestView request, CommandSpec spec, KeyNamespace from, KeyNamespace to)
    {
        bool moves = spec.Keys.Shape == KeyShape.Move;
        bool replaces = !moves && KeyExtractor.HasReplace(request, spec);
        ReplyBuilder written = new ReplyBuilder().Start(resp3: false).Array(replaces ? 4 : 3)
            .Bulk(moves ? "RENAMENX"u8 : "COPY"u8)
            .Bulk(from.Encode(request[1]))
            .Bulk(to.Encode(DestinationOf(request, spec)));
        if (replaces) written.Bulk("REPLACE"u8);
        return written.Written.ToArray();
    }

    /// <summary>The key in the other database, as the client knows it.</summary>
    public static ReadOnlySpan<byte> DestinationOf(in RequestView request, CommandSpec spec) => request[spec.Keys.Shape == KeyShape.Move ? 1 : 2];
}
