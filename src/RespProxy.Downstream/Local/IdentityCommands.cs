using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Local;

/// <summary>
/// AUTH, HELLO and RESET: who the client is and which protocol it speaks. Run only when nothing is owed, so that no earlier request
/// is answered in another tenant's namespace or another protocol version.
/// </summary>
internal static class IdentityCommands
{
    private const string NotConfigured =
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";

    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        switch (spec.Local)
        {
            case LocalCommand.Auth:
                Auth(session, request);
                break;
            case LocalCommand.Hello:
                Hello(session, request);
                break;
            default:
                if (session.ResetState()) session.Reply("+RESET\r\n"u8);
                break;
        }
    }

    /// <summary>https://redis.io/docs/latest/commands/auth/</summary>
    private static void Auth(ClientSession session, in RequestView request)
    {
        if (request.Count > 3)
        {
            session.ReplyError("ERR syntax error");
            return;
        }

        Tenant? tenant = request.Count == 3
            ? session.Loop.Tenants.Authenticate(request[1], request[2])
            : session.Loop.Tenants.AuthenticateByPassword(request[1]);
        if (tenant is not null)
        {
            if (session.Authenticate(tenant)) session.Reply("+OK\r\n"u8);
        }
        else if (request.Count == 2 && session.Origin.TenantAmong(session.Loop.Tenants) is { HasPassword: false })
        {
            session.ReplyError(NotConfigured);
        }
        else
        {
            session.Loop.Counters.AuthenticationFailures++;
            session.Reply(WireErrors.WrongPass);
        }
    }

    /// <summary>HELLO [protover [AUTH user password] [SETNAME name]]: https://redis.io/docs/latest/commands/hello/. All or nothing.</summary>
    private static void Hello(ClientSession session, in RequestView request)
    {
        bool resp3 = session.IsResp3;
        if (request.Count > 1)
        {
            if (!RespNumber.TryParse(request[1], out long version))
            {
                session.ReplyError("ERR Protocol version is not an integer or out of range");
                return;
            }

            if (version is < 2 or > 3)
            {
                session.Reply(WireErrors.NoProto);
                return;
            }

            resp3 = version == 3;
        }

        if (!TryReadOptions(session, request, out Tenant? tenant, out int nameAt)) return;
        Tenant? effective = tenant ?? session.Tenant;
        if (effective is null)
        {
            session.ReplyError(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
            return;
        }

        if (resp3 && !session.Loop.Upstreams[effective.UpstreamIndex].SupportsResp3)
        {
            session.Reply(WireErrors.NoProto);
            return;
        }

        if (nameAt > 0 && !ClientCommands.TrySetName(session, request[nameAt])) return;
        if (tenant is not null && !session.Authenticate(tenant)) return;
        if (!resp3) session.Tracking?.End();
        session.Identity.IsResp3 = resp3;
        Greet(session);
    }

    private static bool TryReadOptions(ClientSession session, in RequestView request, out Tenant? tenant, out int nameAt)
    {
        tenant = null;
        nameAt = 0;
        for (int i = 2; i < request.Count; i++)
        {
            int left = request.Count - 1 - i;
            if (left >= 2 && LocalCommands.Is(request[i], "AUTH"u8))
            {
                tenant = session.Loop.Tenants.Authenticate(request[i + 1], request[i + 2]);
                if (tenant is null)
                {
                    session.Loop.Counters.AuthenticationFailures++;
                    session.Reply(WireErrors.WrongPass);
                    return false;
                }

                i += 2;
            }
            else if (left >= 1 && LocalCommands.Is(request[i], "SETNAME"u8))
            {
                nameAt = ++i;
            }
            else
            {
                session.ReplyError("ERR Syntax error in HELLO option '" + System.Text.Encoding.UTF8.GetString(request[i]) + "'");
                return false;
            }
        }

        return true;
    }

    private static void Greet(ClientSession session)
    {
        session.Reply(session.Loop.Builder.Start(session.IsResp3).Map(7)
            .Bulk("server").Bulk("redis")
            .Bulk("version").Bulk(ServerCommands.VersionOf(session))
            .Bulk("proto").Integer(session.IsResp3 ? 3 : 2)
            .Bulk("id").Integer(session.Id)
            .Bulk("mode").Bulk(session.Origin.IsClusterView ? "cluster" : "standalone")
            .Bulk("role").Bulk("master")
            .Bulk("modules").Array(0)
            .Written);
    }
}
