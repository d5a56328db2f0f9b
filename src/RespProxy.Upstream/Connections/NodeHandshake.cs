using System.Text;
using RespProxy.Configuration;
using RespProxy.Protocol.Resp;

namespace RespProxy.Upstream.Connections;

/// <summary>What the handshake has come to.</summary>
internal enum HandshakeStep
{
    /// <summary>Wait for the next reply; <see cref="NodeHandshake.Request"/> may hold bytes to send first.</summary>
    Continue,
    Ready,

    /// <summary>The node speaks no RESP3 (older than Redis 6).</summary>
    ProtocolUnsupported,

    /// <summary>The node refused; <see cref="NodeHandshake.Refusal"/> says with which words.</summary>
    Refused,
}

/// <summary>
/// Opens a node connection: HELLO with the protocol version and credentials (https://redis.io/docs/latest/commands/hello/), or
/// AUTH alone where the node is older than Redis 6. No tenant's request is sent before it has succeeded, lest it run as another user.
/// </summary>
internal sealed class NodeHandshake(UpstreamSnapshot upstream, bool resp3, ConfinedUser? user = null)
{
    private UserProvisioning? _provisioning;

    /// <summary>The node does not know HELLO: it is older than Redis 6 and speaks no RESP3.</summary>
    public bool IsHelloUnknown { get; private set; }

    /// <summary>Bytes to send now.</summary>
    public byte[] Request { get; private set; } = Encode(HelloArguments(upstream, resp3));

    /// <summary>The node's version as HELLO gave it, such as 7.0.15; null when it did not.</summary>
    public string? ServerVersion { get; private set; }

    /// <summary>The connection's number at the node, for CLIENT UNBLOCK; 0 when HELLO did not tell it.</summary>
    public long ClientId { get; private set; }

    public string? Refusal { get; private set; }

    public HandshakeStep OnReply(ReadOnlySpan<byte> reply)
    {
        if (_provisioning is not null) return Provision(reply);
        if (reply[0] != '-')
        {
            if (!IsHelloUnknown) ReadGreeting(reply);
            return Authenticated();
        }

        bool unknownCommand = reply.StartsWith("-ERR unknown command"u8);
        if (unknownCommand || reply.StartsWith("-NOPROTO"u8))
        {
            if (resp3) return HandshakeStep.ProtocolUnsupported;
            if (!IsHelloUnknown)
            {
                IsHelloUnknown = true;
                if (upstream.Password is null) return Authenticated();
                Request = Encode(upstream.Username is null ? ["AUTH", upstream.Password] : ["AUTH", upstream.Username, upstream.Password]);
                return HandshakeStep.Continue;
            }
        }

        Refusal = Encoding.UTF8.GetString(reply[1..].TrimEnd("\r\n"u8));
        return HandshakeStep.Refused;
    }

    /// <summary>The connection is the upstream's user's: done, unless it is to become another's.</summary>
    private HandshakeStep Authenticated()
    {
        if (user is null) return HandshakeStep.Ready;
        _provisioning = new UserProvisioning(user, ServerVersion);
        Request = _provisioning.Request;
        return HandshakeStep.Continue;
    }

    private HandshakeStep Provision(ReadOnlySpan<byte> reply)
    {
        HandshakeStep step = _provisioning!.OnReply(reply);
        Request = _provisioning.Request;
        Refusal = _provisioning.Refusal;
        return step;
    }

    private static string[] HelloArguments(UpstreamSnapshot upstream, bool resp3)
    {
        string version = resp3 ? "3" : "2";
        return upstream.Password is null
            ? ["HELLO", version, "SETNAME", "respproxy"]
            : ["HELLO", version, "AUTH", upstream.Username ?? "default", upstream.Password, "SETNAME", "respproxy"];
    }

    private void ReadGreeting(ReadOnlySpan<byte> reply)
    {
        var cursor = new ReplyCursor(reply);
        if (cursor.Kind is not ((byte)'*' or (byte)'%')) return;
        cursor.ReadAggregateHeader();
        while (!cursor.AtEnd)
        {
            if (!cursor.TryReadBulk(out ReadOnlySpan<byte> name)) cursor.Skip();
            if (cursor.AtEnd) return;
            ReadOnlySpan<byte> value = cursor.Skip();
            if (name.SequenceEqual("version"u8) && new ReplyCursor(value).TryReadBulk(out ReadOnlySpan<byte> version)) ServerVersion = Encoding.UTF8.GetString(version);
            else if (name.SequenceEqual("id"u8) && ReplyCursor.TryReadInteger(value, out long id)) ClientId = id;
        }
    }

    private static byte[] Encode(string[] arguments)
    {
        var builder = new ReplyBuilder().Start(resp3: false).Array(arguments.Length);
        foreach (string argument in arguments) builder.Bulk(argument);
        return builder.Written.ToArray();
    }
}
