using System.Diagnostics.CodeAnalysis;
using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>The filters of CLIENT KILL over a tenant's own clients; all that are given must match. https://redis.io/docs/latest/commands/client-kill/</summary>
internal sealed class ClientFilter
{
    private long? _id;
    private string? _localAddress;
    private bool _wantsNormal;
    private bool _wantsSubscribers;
    private bool _matchesNone;

    public string? Address { get; set; }

    public bool SkipMe { get; set; } = true;

    /// <summary>False, with the text to answer, for what is no filter. <paramref name="user"/> is the only user there is to the tenant.</summary>
    public bool TryRead(in RequestView request, string user, [NotNullWhen(false)] out string? error)
    {
        error = request.Count % 2 == 0 ? null : "ERR syntax error";
        for (int i = 2; error is null && i < request.Count; i += 2) error = ReadOne(request[i], request[i + 1], user);
        return error is null;
    }

    public bool Matches(ClientSession client, ClientSession self) =>
        !_matchesNone
        && !(_wantsNormal && client.IsSubscribed)
        && !(_wantsSubscribers && !client.IsSubscribed)
        && !(SkipMe && client == self)
        && (_id is null || _id == client.Id)
        && (Address is null || Address == client.RemoteAddress)
        && (_localAddress is null || _localAddress == client.LocalAddress);

    /// <summary>What TYPE may name; a tenant's own connections are only normal or pubsub.</summary>
    public static bool IsClientType(ReadOnlySpan<byte> type) =>
        LocalCommands.Is(type, "NORMAL"u8) || LocalCommands.Is(type, "PUBSUB"u8) || LocalCommands.Is(type, "MASTER"u8)
        || LocalCommands.Is(type, "REPLICA"u8) || LocalCommands.Is(type, "SLAVE"u8);

    public static string UnknownType(string type) => $"ERR Unknown client type '{type}'";

    private string? ReadOne(ReadOnlySpan<byte> option, ReadOnlySpan<byte> value, string user)
    {
        string text = Encoding.UTF8.GetString(value);
        if (LocalCommands.Is(option, "ID"u8))
        {
            if (!RespNumber.TryParse(value, out long id) || id < 1) return "ERR client-id should be greater than 0";
            _id = id;
            return null;
        }

        if (LocalCommands.Is(option, "SKIPME"u8))
        {
            SkipMe = LocalCommands.Is(value, "YES"u8);
            return SkipMe || LocalCommands.Is(value, "NO"u8) ? null : "ERR syntax error";
        }

        if (LocalCommands.Is(option, "TYPE"u8))
        {
            if (LocalCommands.Is(value, "NORMAL"u8)) _wantsNormal = true;
            else if (LocalCommands.Is(value, "PUBSUB"u8)) _wantsSubscribers = true;
            else _matchesNone = true;
            return IsClientType(value) ? null : UnknownType(text);
        }

        if (LocalCommands.Is(option, "ADDR"u8)) Address = text;
        else if (LocalCommands.Is(option, "LADDR"u8)) _localAddress = text;
        else if (LocalCommands.Is(option, "USER"u8)) return text == user ? null : $"ERR No such user '{text}'";
        else return "ERR syntax error";
        return null;
    }
}
