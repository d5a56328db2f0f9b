using System.Text;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Upstream.Connections;

/// <summary>
/// The part of a handshake that makes a connection a <see cref="ConfinedUser"/>'s: asks which commands the node knows, sets the user up,
/// becomes it, and sees whether the node's Lua keeps scripts apart. Every connection does so, the first as any later one: a node that was
/// restarted, failed over to or added has the user before it is used.
/// </summary>
internal sealed class UserProvisioning
{
    /// <summary>
    /// 1 when a script can change what other users' scripts run on: the tables all scripts share (CVE-2022-24735, Redis before 6.2.7) or the
    /// metatable of strings (CVE-2025-46818). Assigning nil to what is not there changes nothing.
    /// </summary>
    private const string Probe =
        "local function open(t) return type(t) == 'table' and pcall(function() t.respproxy_probe = nil end) end " +
        "if open(redis) or open(string) or open(getmetatable('')) then return 1 end return 0";

    private readonly ConfinedUser _user;
    private readonly int _majorVersion;
    private readonly string[] _asked;
    private Step _step = Step.Commands;

    /// <param name="user">Who to become.</param>
    /// <param name="serverVersion">As HELLO told it; null when it did not.</param>
    public UserProvisioning(ConfinedUser user, string? serverVersion)
    {
        _user = user;
        _majorVersion = serverVersion is not null && int.TryParse(serverVersion.Split('.')[0], out int major) ? major : 0;
        // Of a container the subcommands are as old as itself; servers before 7.0 know no other name to be asked for.
        _asked = [.. ConfinedCommands.All.Select(Container).Distinct(StringComparer.Ordinal)];
        Request = Encode(["COMMAND"u8.ToArray(), "INFO"u8.ToArray(), .. _asked.Select(Encoding.ASCII.GetBytes)]);
    }

    private enum Step
    {
        Commands,
        SetUser,
        Authenticate,
        Probe,
    }

    /// <summary>Bytes to send now.</summary>
    public byte[] Request { get; private set; }

    /// <summary>For the log; it may quote the node.</summary>
    public string? Refusal { get; private set; }

    public HandshakeStep OnReply(ReadOnlySpan<byte> reply)
    {
        if (reply[0] == '-') return Refuse($"{NameOf(_step)} was refused: {Encoding.UTF8.GetString(reply[1..].TrimEnd("\r\n"u8))}");
        switch (_step)
        {
            case Step.Commands:
                return Continue(Step.SetUser, Encode(_user.SetUserArguments(Allowed(KnownCommands(reply)))));
            case Step.SetUser:
                return Continue(Step.Authenticate, _user.AuthRequest());
            case Step.Authenticate:
                return Continue(Step.Probe, Encode([.. new[] { "EVAL", Probe, "0" }.Select(Encoding.ASCII.GetBytes)]));
            default:
                return reply.SequenceEqual(":0\r\n"u8)
                    ? HandshakeStep.Ready
                    : Refuse("its Lua lets a script change what other users' scripts run on (CVE-2022-24735, CVE-2025-46818): update the server");
        }
    }

    private HandshakeStep Continue(Step next, byte[] request)
    {
        _step = next;
        Request = request;
        return HandshakeStep.Continue;
    }

    private HandshakeStep Refuse(string why)
    {
        Refusal = "scripts cannot be confined: " + why;
        return HandshakeStep.Refused;
    }

    private IEnumerable<string> Allowed(HashSet<string> known) => ConfinedCommands.All
        .Where(name => known.Contains(Container(name)))
        .Where(name => !ConfinedCommands.NeedsPatternChecks(name) || _majorVersion >= ConfinedCommands.SortVersion);

    /// <summary>COMMAND INFO answers null in the place of a name it does not know.</summary>
    private HashSet<string> KnownCommands(ReadOnlySpan<byte> reply)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var cursor = new ReplyCursor(reply);
        if (cursor.Kind != '*' || cursor.ReadAggregateHeader() != _asked.Length) return known;
        foreach (string name in _asked)
        {
            if (!cursor.IsNull) known.Add(name);
            cursor.Skip();
        }

        return known;
    }

    private static string Container(string name) => name.Split('|')[0];

    private static string NameOf(Step step) => step switch
    {
        Step.Commands => "COMMAND INFO",
        Step.SetUser => "ACL SETUSER",
        Step.Authenticate => "AUTH as the user just set up",
        _ => "EVAL",
    };

    private static byte[] Encode(byte[][] arguments)
    {
        ReplyBuilder builder = new ReplyBuilder().Start(resp3: false).Array(arguments.Length);
        foreach (byte[] argument in arguments) builder.Bulk(argument);
        return builder.Written.ToArray();
    }
}
