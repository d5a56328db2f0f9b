using System.Runtime.CompilerServices;
using System.Text;
using RespProxy.Downstream.Insight;
using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Placements;
using RespProxy.Downstream.Reload;
using RespProxy.Downstream.Transactions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Sessions;

/// <summary>
/// Between a request read and a request executed: finds the command and decides whether this client may run it as it stands
/// (authenticated, in MULTI, subscribed). A refused request is answered here, any other goes where its command belongs. Stages 4
/// to 6 of docs/architecture.md. Loop thread only.
/// </summary>
internal static class CommandGate
{
    /// <summary>Refuses or executes. False: not now; the same request is offered again once the session reads on.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request)
    {
        CommandSpec? spec = CommandTable.Find(request[0]);
        session.Account.Offer(spec);
        if (spec is null)
        {
            AnswerUnknown(session, request);
            return true;
        }

        if (spec.IsContainer && request.Count > 1)
        {
            CommandSpec? subcommand = CommandTable.FindSubcommand(spec, request[1]);
            if (subcommand is null)
            {
                if (spec.Refusal == Refusal.Absent) AnswerUnknown(session, request);
                else Refuse(session, Refusals.UnknownSubcommand(spec, request[1]));
                return true;
            }

            spec = subcommand;
            session.Account.Offer(spec);
        }

        if (!session.Identity.IsCurrent && !PolicyChange.Follow(session)) return true;
        if (IsRefused(session, request, spec)) return true;
        if (!session.Identity.IsPlacementKnown && PlacementHold.Stops(session, spec, out bool isAnswered)) return isAnswered;
        return session.Admission is null ? Execute(session, request, spec) : session.Admission.TryExecute(request, spec);
    }

    /// <summary>Sends an admitted request where its command belongs; false as for <see cref="TryExecute"/>.</summary>
    public static bool Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (session.Near is not null && session.Near.Takes(request, spec, out bool isDone)) return isDone;
        if (spec.RunsScript) return session.Loop.Scripts.TryExecute(session, request, spec);
        if (session.Transaction is not null && !RunsInsideTransaction(spec.Local))
        {
            TransactionCommands.Queue(session, request, spec);
            return true;
        }

        return session.Tracking is { } tracking ? tracking.Run(request, spec) : Run(session, request, spec);
    }

    /// <summary>Executes what is not refused. False: not now; it is offered again.</summary>
    public static bool Run(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (spec.Route == RouteRule.Local) return RunLocally(session, request, spec);
        if (spec.Route == RouteRule.Keyspace) return KeyspaceCommands.TryExecute(session, request, spec);
        return session.Loop.Router.TryRoute(session, request, spec);
    }

    private static bool RunLocally(ClientSession session, in RequestView request, CommandSpec spec)
    {
        // Of whoever asked: AUTH may have made the client another tenant's. Of one that was closed, as by QUIT, the request's bytes are gone with its buffer.
        TenantInsight? insight = session.Identity.Insight;
        if (!LocalCommands.TryExecute(session, request, spec)) return false;
        if (!session.IsClosed) insight?.OnUnsent(request, spec);
        return true;
    }

    /// <summary>Answers a request that must not run; inlined since every request passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsRefused(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (!spec.AcceptsArgumentCount(request.Count)) RefuseArity(session, request, spec);
        else if (session.Tenant is null && (spec.Flags & CommandFlags.NoAuth) == 0) session.Reply(WireErrors.NoAuth);
        else if (session.IsConfinedToSubscriptions && !RunsWhileSubscribed(spec.Local)) Refuse(session, Refusals.WhileSubscribed(spec));
        else if (spec.Route == RouteRule.None) RefuseRow(session, request, spec);
        else if (session.Transaction is not null && spec.Local == LocalCommand.Function) Refuse(session, Refusals.NotInTransaction(spec));
        else return false;
        return true;
    }

    private static void RefuseRow(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (spec.Refusal == Refusal.Absent) AnswerUnknown(session, request);
        else Refuse(session, Refusals.Text(spec, session.Tenant!));
    }

    private static void RefuseArity(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (spec.Refusal == Refusal.Absent) AnswerUnknown(session, request);
        else if (spec.Local == LocalCommand.Exec) TransactionCommands.RefuseExec(session, Refusals.WrongArity(spec)["ERR ".Length..]);
        else Refuse(session, Refusals.WrongArity(spec));
    }

    /// <summary>Between MULTI and EXEC these run at once; all else is queued.</summary>
    private static bool RunsInsideTransaction(LocalCommand command) =>
        command is LocalCommand.Multi or LocalCommand.Exec or LocalCommand.Discard or LocalCommand.Watch or LocalCommand.Quit or LocalCommand.Reset;

    private static bool RunsWhileSubscribed(LocalCommand command) =>
        command is LocalCommand.Subscribe or LocalCommand.Unsubscribe or LocalCommand.Ping or LocalCommand.Quit or LocalCommand.Reset;

    /// <summary>An error before the command has run; it spoils a transaction.</summary>
    private static void Refuse(ClientSession session, string text) => Refuse(session, Encoding.UTF8.GetBytes(text));

    private static void Refuse(ClientSession session, ReadOnlySpan<byte> text)
    {
        if (session.Transaction is not null) session.Transaction.IsDirty = true;
        session.Tracking?.AfterCommand(null);
        session.ReplyError(text);
    }

    private static void AnswerUnknown(ClientSession session, in RequestView request)
    {
        // What a browser sends when a page makes it talk to a Redis port: end it, as Redis does, before its body is read as commands.
        if (Ascii.EqualsIgnoreCase(request[0], "post"u8) || Ascii.EqualsIgnoreCase(request[0], "host:"u8)) session.Abort();
        else if (session.Tenant is null) session.Reply(WireErrors.NoAuth);
        else Refuse(session, Refusals.UnknownCommand(request));
    }
}
