using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>SELECT: the tenant's databases are parts of its namespace, so that none has to be selected at a node. https://redis.io/docs/latest/commands/select/</summary>
internal static class SelectCommand
{
    /// <summary>False: not now; replies that are owed are to be read in the database they were asked in.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request)
    {
        if (session.Pending > 0) return session.WaitUntilIdle();
        Execute(session, request);
        return true;
    }

    /// <summary>Selects at once: nothing is owed, or the replies owed are an EXEC's, which takes them one after the other.</summary>
    public static void Execute(ClientSession session, in RequestView request)
    {
        if (!DatabaseNumber.TryRead(request[1], session.Tenant!, out int database, out ReadOnlySpan<byte> error))
        {
            session.Reply(error);
            return;
        }

        session.Identity.Select(database);
        session.Reply("+OK\r\n"u8);
    }
}
