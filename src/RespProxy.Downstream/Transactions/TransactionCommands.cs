using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Transactions;

/// <summary>
/// MULTI, EXEC, DISCARD, WATCH, UNWATCH (https://redis.io/docs/latest/develop/using-commands/transactions/).
///
/// <para>Queueing is the proxy's: it checks each command as a node would and answers QUEUED. At EXEC the whole of MULTI ... EXEC goes out in
/// one piece, on the multiplexed connection: nothing of another client can come in between, so a transaction needs no connection of its
/// own. Only WATCH does, from the first WATCH to EXEC, DISCARD or UNWATCH; see <see cref="WatchLease"/>.</para>
/// </summary>
internal static class TransactionCommands
{
    public static ReadOnlySpan<byte> Queued => "+QUEUED\r\n"u8;

    /// <summary>False: not now; offered again when nothing is owed.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        switch (spec.Local)
        {
            case LocalCommand.Multi:
                Multi(session);
                return true;
            case LocalCommand.Discard:
                Discard(session);
                return true;
            case LocalCommand.Exec:
                return TryExec(session);
            case LocalCommand.Watch:
                return TryWatch(session, request, spec);
            default:
                // UNWATCH
                if (session.Transaction is not null)
                {
                    session.Transaction.QueueLocal(spec, request);
                    session.Reply(Queued);
                    return true;
                }

                session.EndWatch();
                session.Reply("+OK\r\n"u8);
                return true;
        }
    }

    /// <summary>Queues a command that is not one of the above; errors spoil the transaction.</summary>
    public static void Queue(ClientSession session, in RequestView request, CommandSpec spec)
    {
        Transaction transaction = session.Transaction!;
        if ((spec.Flags & CommandFlags.NoMulti) != 0 || spec.Local is LocalCommand.Auth or LocalCommand.Hello or LocalCommand.Subscribe or LocalCommand.Unsubscribe || spec.Name is "CLIENT|UNBLOCK" or "CLIENT|TRACKING" or "WAITAOF")
        {
            transaction.IsDirty = true;
            session.ReplyError("ERR Command not allowed inside a transaction"u8);
        }
        else if (IsTooLarge(session, transaction, request.Frame.Length))
        {
            return;
        }
        else if (spec.Route == RouteRule.Keyspace && KeyspaceCommands.RefusalOf(session, spec) is { } refusal)
        {
            transaction.IsDirty = true;
            session.ReplyError(refusal);
        }
        else if (spec.Route == RouteRule.Keyspace && transaction.Selects)
        {
            // It runs when no SELECT of the transaction has had its effect.
            transaction.IsDirty = true;
            session.ReplyError(Refusals.BehindSelect(spec));
        }
        else if (spec.Route == RouteRule.Keyspace)
        {
            transaction.QueueKeyspace(spec, request, session.Watch is not null);
            session.Reply(Queued);
        }
        else if (spec.Local == LocalCommand.Select)
        {
            transaction.QueueSelect(spec, request, session.Tenant!);
            session.Reply(Queued);
        }
        else if (spec.Route == RouteRule.Local)
        {
            transaction.QueueLocal(spec, request);
            session.Reply(Queued);
        }
        else if (session.Loop.Transactions.TryQueue(session, request, spec, transaction))
        {
            session.Reply(Queued);
        }
        else
        {
            transaction.IsDirty = true;
        }
    }

    /// <summary>Refuses what would make the transaction larger than any request may be.</summary>
    public static bool IsTooLarge(ClientSession session, Transaction transaction, int length)
    {
        if (transaction.Length + length <= session.Loop.Limits.ClientQueryBuffer) return false;
        transaction.IsDirty = true;
        session.ReplyError("ERR transaction is too large, split it"u8);
        return true;
    }

    private static void Multi(ClientSession session)
    {
        if (session.Transaction is not null)
        {
            // Redis leaves the transaction as it was.
            session.ReplyError("ERR MULTI calls can not be nested"u8);
            return;
        }

        session.Transaction = new Transaction(session.Namespace);
        session.Reply("+OK\r\n"u8);
    }

    private static void Discard(ClientSession session)
    {
        if (session.Transaction is null)
        {
            session.ReplyError("ERR DISCARD without MULTI"u8);
            return;
        }

        session.Transaction = null;
        session.EndWatch();
        session.Reply("+OK\r\n"u8);
    }

    /// <summary>An EXEC that is refused itself ends the transaction, as in Redis's rejectCommand; the reason is an error without its code.</summary>
    public static void RefuseExec(ClientSession session, string reason)
    {
        session.Transaction = null;
        session.EndWatch();
        session.ReplyError("EXECABORT Transaction discarded because of: " + reason);
    }

    private static bool TryExec(ClientSession session)
    {
        Transaction? transaction = session.Transaction;
        if (transaction is null)
        {
            session.ReplyError("ERR EXEC without MULTI"u8);
            return true;
        }

        if (transaction.IsDirty)
        {
            session.Transaction = null;
            session.EndWatch();
            session.ReplyError("EXECABORT Transaction discarded because of previous errors."u8);
            return true;
        }

        return session.Loop.Transactions.TryExec(session, transaction);
    }

    private static bool TryWatch(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (session.Transaction is not null)
        {
            // Redis answers the error and goes on with the transaction.
            session.ReplyError("ERR WATCH inside MULTI is not allowed"u8);
            return true;
        }

        return session.Loop.Transactions.TryWatch(session, request, spec);
    }
}
