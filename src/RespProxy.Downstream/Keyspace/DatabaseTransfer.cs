using RespProxy.Configuration;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// MOVE and COPY DB: a key goes to another database of the tenant, which is another name in the same one upstream.
/// https://redis.io/docs/latest/commands/move/, https://redis.io/docs/latest/commands/copy/
///
/// <para>One node does it, at once, so both names must be in one slot: always so on a standalone upstream and in the placements pinned and tagged (if a COPY
/// keeps the hash tag); in spread when the key has a hash tag.</para>
/// </summary>
internal readonly struct DatabaseTransfer
{
    private DatabaseTransfer(byte[] bytes, int slot)
    {
        Bytes = bytes;
        Slot = slot;
    }

    /// <summary>The request as the node shall see it.</summary>
    public byte[] Bytes { get; }

    /// <summary>The slot of both names; -1 when they are in two.</summary>
    public int Slot { get; }

    /// <summary>False, with the line that Redis would answer, when the arguments are wrong.</summary>
    public static bool TryRead(ClientSession session, KeyNamespace from, in RequestView request, CommandSpec spec, KeyIndexes keys, out DatabaseTransfer transfer, out ReadOnlySpan<byte> error)
    {
        transfer = default;
        if (!DatabaseNumber.TryRead(request[keys.DatabaseArgument], session.Tenant!, out int database, out error)) return false;
        if (spec.Keys.Shape == KeyShape.Move && database == from.Database)
        {
            error = WireErrors.SameObject;
            return false;
        }

        KeyNamespace to = session.Tenant!.Databases[database];
        int slot = from.SlotOf(request[1]);
        bool isOneSlot = session.Upstream.Snapshot.Mode == UpstreamMode.Standalone || to.SlotOf(DatabaseRewriter.DestinationOf(request, spec)) == slot;
        transfer = new DatabaseTransfer(DatabaseRewriter.Write(request, spec, from, to), isOneSlot ? slot : -1);
        return true;
    }
}
