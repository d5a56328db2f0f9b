using System.Globalization;
using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.Tracking;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.Local;

/// <summary>
/// CLIENT and its subcommands, over the tenant's own connections: a tenant sees and kills no other's.
/// https://redis.io/docs/latest/commands/client/
/// </summary>
internal static class ClientCommands
{
    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        switch (spec.Name)
        {
            case "CLIENT|ID":
                session.Reply(Start(session).Integer(session.Id).Written);
                break;
            case "CLIENT|GETNAME":
                string name = session.Identity.Name;
                session.Reply(name.Length == 0 ? Start(session).Null().Written : Start(session).Bulk(name).Written);
                break;
            case "CLIENT|SETNAME":
                if (TrySetName(session, request[2])) session.Reply("+OK\r\n"u8);
                break;
            case "CLIENT|SETINFO":
                SetInfo(session, request);
                break;
            case "CLIENT|INFO":
                session.Reply(Start(session).Text(Describe(session)).Written);
                break;
            case "CLIENT|LIST":
                List(session, request);
                break;
            case "CLIENT|KILL":
                Kill(session, request);
                break;
            case "CLIENT|REPLY":
                SetReplyMode(session, request);
                break;
            case "CLIENT|NO-EVICT":
            case "CLIENT|NO-TOUCH":
                bool isSwitch = LocalCommands.Is(request[2], "ON"u8) || LocalCommands.Is(request[2], "OFF"u8);
                session.Reply(isSwitch ? "+OK\r\n"u8 : WireErrors.Syntax);
                break;
            case "CLIENT|UNBLOCK":
                Unblock(session, request);
                break;
            default:
                session.ReplyError(Refusals.Text(spec, session.Tenant!));
                break;
        }
    }

    /// <summary>Names the connection; answers the error itself when the name may not be one.</summary>
    public static bool TrySetName(ClientSession session, ReadOnlySpan<byte> name)
    {
        if (!IsLabel(name))
        {
            session.ReplyError("ERR Client names cannot contain spaces, newlines or special characters.");
            return false;
        }

        session.Identity.Name = Encoding.UTF8.GetString(name);
        return true;
    }

    private static ReplyBuilder Start(ClientSession session) => session.Loop.Builder.Start(session.IsResp3);

    /// <summary>Printable ASCII without spaces, as Redis's validateClientAttr asks.</summary>
    private static bool IsLabel(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    private static void SetInfo(ClientSession session, in RequestView request)
    {
        bool isName = LocalCommands.Is(request[2], "LIB-NAME"u8);
        if (!isName && !LocalCommands.Is(request[2], "LIB-VER"u8))
        {
            session.ReplyError("ERR Unrecognized option '" + Encoding.UTF8.GetString(request[2]) + "'");
            return;
        }

        if (!IsLabel(request[3]))
        {
            session.ReplyError((isName ? "ERR lib-name" : "ERR lib-ver") + " cannot contain spaces, newlines or special characters.");
            return;
        }

        string value = Encoding.UTF8.GetString(request[3]);
        if (isName) session.Identity.Library = value;
        else session.Identity.LibraryVersion = value;
        session.Reply("+OK\r\n"u8);
    }

    private static void SetReplyMode(ClientSession session, in RequestView request)
    {
        if (LocalCommands.Is(request[2], "ON"u8))
        {
            session.ReplyMode = ReplyMode.On;
            session.Reply("+OK\r\n"u8);
        }
        else if (LocalCommands.Is(request[2], "OFF"u8))
        {
            session.ReplyMode = ReplyMode.Off;
            session.ReplyNothing();
        }
        else if (LocalCommands.Is(request[2], "SKIP"u8))
        {
            if (session.ReplyMode == ReplyMode.On) session.ReplyMode = ReplyMode.SkipNext;
            session.ReplyNothing();
        }
        else
        {
            session.ReplyError("ERR syntax error");
        }
    }

    /// <summary>CLIENT UNBLOCK id [TIMEOUT | ERROR]; another tenant's client is as good as none.</summary>
    private static void Unblock(ClientSession session, in RequestView request)
    {
        bool withError = request.Count == 4 && LocalCommands.Is(request[3], "ERROR"u8);
        if (request.Count > 4 || (request.Count == 4 && !withError && !LocalCommands.Is(request[3], "TIMEOUT"u8)))
        {
            session.ReplyError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"u8);
            return;
        }

        if (!RespNumber.TryParse(request[2], out long id))
        {
            session.Reply(WireErrors.NotAnInteger);
            return;
        }

        ClientSession? other = session.Loop.Registry.Find(id);
        if (other is null || other.Tenant != session.Tenant || !other.IsBlocked)
        {
            session.Reply(":0\r\n"u8);
            return;
        }

        // The other client may live on another loop: ask there, answer here.
        byte mark = session.TakeReplyMark();
        uint number = session.Reserve();
        other.Loop.Events.Post(() =>
        {
            bool unblocked = other.Unblock(withError);
            session.Loop.Events.Post(() => session.Complete(number, mark, unblocked ? ":1\r\n"u8 : ":0\r\n"u8));
        });
    }

    private static void List(ClientSession session, in RequestView request)
    {
        bool isAll = request.Count == 2;
        bool isNormal = request.Count == 4 && LocalCommands.Is(request[2], "TYPE"u8);
        bool isById = request.Count > 3 && LocalCommands.Is(request[2], "ID"u8);
        if (!isAll && !isNormal && !isById)
        {
            session.Reply(WireErrors.Syntax);
            return;
        }

        if (isNormal && !ClientFilter.IsClientType(request[3]))
        {
            session.ReplyError(ClientFilter.UnknownType(Encoding.UTF8.GetString(request[3])));
            return;
        }

        bool wantsNormal = !isNormal || LocalCommands.Is(request[3], "NORMAL"u8);
        bool wantsSubscribers = !isNormal || LocalCommands.Is(request[3], "PUBSUB"u8);
        HashSet<long>? ids = isById ? ReadIds(session, request) : null;
        if (isById && ids is null) return;
        var text = new StringBuilder();
        foreach (ClientSession other in Own(session).OrderBy(other => other.Id))
        {
            if ((other.IsSubscribed ? wantsSubscribers : wantsNormal) && (ids is null || ids.Contains(other.Id))) text.Append(Describe(other));
        }

        session.Reply(Start(session).Text(text.ToString()).Written);
    }

    private static HashSet<long>? ReadIds(ClientSession session, in RequestView request)
    {
        var ids = new HashSet<long>();
        for (int i = 3; i < request.Count; i++)
        {
            if (!RespNumber.TryParse(request[i], out long id) || id < 1)
            {
                session.ReplyError("ERR Invalid client ID");
                return null;
            }

            ids.Add(id);
        }

        return ids;
    }

    /// <summary>CLIENT KILL addr, and CLIENT KILL with ID, ADDR, LADDR, TYPE, USER and SKIPME filters.</summary>
    private static void Kill(ClientSession session, in RequestView request)
    {
        bool isOldForm = request.Count == 3;
        var filter = new ClientFilter { SkipMe = !isOldForm };
        if (isOldForm)
        {
            filter.Address = Encoding.UTF8.GetString(request[2]);
        }
        else if (!filter.TryRead(request, session.Tenant!.Name, out string? error))
        {
            session.ReplyError(error);
            return;
        }

        int killed = 0;
        bool killsSelf = false;
        foreach (ClientSession other in Own(session).Where(other => filter.Matches(other, session)))
        {
            killed++;
            if (other == session) killsSelf = true;
            else other.Loop.Events.Post(other.Abort);
        }

        if (!isOldForm) session.Reply(Start(session).Integer(killed).Written);
        else if (killed > 0) session.Reply("+OK\r\n"u8);
        else session.ReplyError("ERR No such client");
        if (killsSelf) session.CloseWhenAnswered();
    }

    private static IEnumerable<ClientSession> Own(ClientSession session) =>
        session.Loop.Registry.All.Where(other => other.Tenant == session.Tenant);

    private static string Flags(ClientSession client)
    {
        string flags = (client.IsSubscribed ? "P" : "") + (client.IsBlocked ? "b" : "") + (client.Tracking is null ? "" : "t") + (client.Tracking?.Mode == TrackingMode.Broadcast ? "B" : "");
        return flags.Length > 0 ? flags : "N";
    }

    /// <summary>One line as of CLIENT LIST; what only a node could tell is 0.</summary>
    private static string Describe(ClientSession client)
    {
        long age = (long)(client.Loop.Time.GetUtcNow() - client.CreatedAt).TotalSeconds;
        string command = client.Account.Command?.Name.ToLowerInvariant() ?? "NULL";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"id={client.Id} addr={client.RemoteAddress} laddr={client.LocalAddress} fd=0 name={client.Identity.Name} age={age} idle=0 flags={Flags(client)} db={client.Identity.Database} sub={client.SubscriptionCount(SubscriptionKind.Channel)} psub={client.SubscriptionCount(SubscriptionKind.Pattern)} ssub={client.SubscriptionCount(SubscriptionKind.ShardChannel)} multi=-1 watch=0 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd={command} user={client.Tenant?.Name} redir={(client.Tracking is null ? -1 : 0)} resp={(client.IsResp3 ? 3 : 2)} lib-name={client.Identity.Library} lib-ver={client.Identity.LibraryVersion}\n");
    }
}
