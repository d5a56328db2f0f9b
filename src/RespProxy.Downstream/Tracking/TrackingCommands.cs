using System.Text;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Tracking;

/// <summary>
/// CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR, with Redis's rules and texts
/// (https://redis.io/docs/latest/commands/client-tracking/). Invalidations come over the client's own connection: RESP3 only, no REDIRECT.
/// </summary>
internal static class TrackingCommands
{
    /// <summary>False: not now; offered again when nothing is owed.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        switch (spec.Name)
        {
            case "CLIENT|TRACKING":
                // Requests in flight were sent under the rules so far.
                if (session.Pending > 0) return session.WaitUntilIdle();
                Track(session, request);
                break;
            case "CLIENT|CACHING":
                Caching(session, request);
                break;
            case "CLIENT|TRACKINGINFO":
                Describe(session);
                break;
            default:
                session.Reply(session.Tracking is null ? ":-1\r\n"u8 : ":0\r\n"u8);
                break;
        }

        return true;
    }

    private static void Track(ClientSession session, in RequestView request)
    {
        bool isOn = LocalCommands.Is(request[2], "ON"u8);
        var options = new TrackingOptions();
        if (!options.TryRead(request, out string? error) || (isOn && !options.TryCheck(session, out error)))
        {
            session.ReplyError(error!);
        }
        else if (isOn)
        {
            Begin(session, options);
        }
        else if (LocalCommands.Is(request[2], "OFF"u8))
        {
            session.Tracking?.End();
            session.Reply("+OK\r\n"u8);
        }
        else
        {
            session.Reply(WireErrors.Syntax);
        }
    }

    /// <summary>Answered when the nodes do track, so that no change after the answer goes unheard.</summary>
    private static void Begin(ClientSession session, TrackingOptions options)
    {
        byte mark = session.TakeReplyMark();
        uint number = session.Reserve();
        session.OnDelayed(default);
        UpstreamTracking tracking = session.Loop.TrackingOf(session.Identity.SharedUpstream);
        tracking.WhenTracking(session.Namespace, options.Mode == TrackingMode.Broadcast, isGranted =>
        {
            if (session.IsClosed) return;
            if (isGranted)
            {
                ClientTracking client = session.Tracking ??= new ClientTracking(session, tracking);
                client.Configure(options.Mode, options.IsNoLoop, options.Prefixes);
                tracking.Join(client, session.Namespace);
            }

            session.Complete(number, mark, isGranted ? "+OK\r\n"u8 : "-ERR client tracking is refused by the upstream\r\n"u8);
        });
    }

    /// <summary>https://redis.io/docs/latest/commands/client-caching/</summary>
    private static void Caching(ClientSession session, in RequestView request)
    {
        bool isYes = LocalCommands.Is(request[2], "YES"u8);
        if (session.Tracking is not { } tracking)
            session.ReplyError("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"u8);
        else if (!isYes && !LocalCommands.Is(request[2], "NO"u8))
            session.Reply(WireErrors.Syntax);
        else if (isYes && tracking.Mode != TrackingMode.OptIn)
            session.ReplyError("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."u8);
        else if (!isYes && tracking.Mode != TrackingMode.OptOut)
            session.ReplyError("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."u8);
        else
            SayCaching(session, tracking, isYes);
    }

    private static void SayCaching(ClientSession session, ClientTracking tracking, bool yes)
    {
        // Queued in a transaction it has had its effect when the transaction was sent.
        if (!session.IsCapturing) tracking.SayCaching(yes);
        session.Reply("+OK\r\n"u8);
    }

    /// <summary>https://redis.io/docs/latest/commands/client-trackinginfo/</summary>
    private static void Describe(ClientSession session)
    {
        List<string> flags = FlagsOf(session.Tracking);
        ReplyBuilder reply = session.Loop.Builder.Start(session.IsResp3).Map(3).Bulk("flags").Set(flags.Count);
        foreach (string flag in flags) reply.Bulk(flag);
        reply.Bulk("redirect").Integer(session.Tracking is null ? -1 : 0).Bulk("prefixes").Array(session.Tracking?.Prefixes.Count ?? 0);
        foreach (byte[] prefix in session.Tracking?.Prefixes ?? []) reply.Bulk(prefix);
        session.Reply(reply.Written);
    }

    private static List<string> FlagsOf(ClientTracking? tracking)
    {
        if (tracking is null) return ["off"];
        List<string> flags = ["on"];
        if (tracking.Mode == TrackingMode.Broadcast) flags.Add("bcast");
        if (tracking.Mode == TrackingMode.OptIn) flags.AddRange(tracking.IsCachingSaid ? ["optin", "caching-yes"] : ["optin"]);
        if (tracking.Mode == TrackingMode.OptOut) flags.AddRange(tracking.IsCachingSaid ? ["optout", "caching-no"] : ["optout"]);
        if (tracking.IsNoLoop) flags.Add("noloop");
        return flags;
    }
}

/// <summary>The options of one CLIENT TRACKING.</summary>
internal sealed class TrackingOptions
{
    private bool _isBroadcast;
    private bool _isOptIn;
    private bool _isOptOut;
    private bool _redirects;

    public List<byte[]> Prefixes { get; } = [];

    public bool IsNoLoop { get; private set; }

    public TrackingMode Mode => _isBroadcast ? TrackingMode.Broadcast : _isOptIn ? TrackingMode.OptIn : _isOptOut ? TrackingMode.OptOut : TrackingMode.Reads;

    public bool TryRead(in RequestView request, out string? error)
    {
        error = null;
        for (int i = 3; i < request.Count && error is null; i++)
        {
            bool hasMore = i + 1 < request.Count;
            if (LocalCommands.Is(request[i], "BCAST"u8)) _isBroadcast = true;
            else if (LocalCommands.Is(request[i], "OPTIN"u8)) _isOptIn = true;
            else if (LocalCommands.Is(request[i], "OPTOUT"u8)) _isOptOut = true;
            else if (LocalCommands.Is(request[i], "NOLOOP"u8)) IsNoLoop = true;
            else if (LocalCommands.Is(request[i], "PREFIX"u8) && hasMore) Prefixes.Add(request[++i].ToArray());
            else if (LocalCommands.Is(request[i], "REDIRECT"u8) && hasMore) error = ReadRedirect(request[++i]);
            else error = "ERR syntax error";
        }

        return error is null;
    }

    /// <summary>What Redis allows, in the order in which it looks; then what this proxy cannot do.</summary>
    public bool TryCheck(ClientSession session, out string? error)
    {
        ClientTracking? current = session.Tracking;
        error = null;
        if (!_isBroadcast && Prefixes.Count > 0) error = "ERR PREFIX option requires BCAST mode to be enabled";
        else if (current is not null && (current.Mode == TrackingMode.Broadcast) != _isBroadcast)
            error = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.";
        else if (_isBroadcast && (_isOptIn || _isOptOut)) error = "ERR OPTIN and OPTOUT are not compatible with BCAST";
        else if (_isOptIn && _isOptOut) error = "ERR You can't specify both OPTIN mode and OPTOUT mode";
        else if ((_isOptIn && current?.Mode == TrackingMode.OptOut) || (_isOptOut && current?.Mode == TrackingMode.OptIn))
            error = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.";
        else if (FindOverlap(current) is { } overlap) error = overlap;
        else if (_redirects) error = "ERR CLIENT TRACKING with REDIRECT is not supported by this proxy, use RESP3";
        // Redis answers OK and then sends such a client nothing: whatever it cached would be kept for ever.
        else if (!session.IsResp3) error = "ERR CLIENT TRACKING without RESP3 is not supported by this proxy, use HELLO 3";
        return error is null;
    }

    private string? ReadRedirect(ReadOnlySpan<byte> id)
    {
        if (_redirects) return "ERR A client can only redirect to a single other client";
        _redirects = true;
        return RespNumber.TryParse(id, out _) ? null : "ERR value is not an integer or out of range";
    }

    private string? FindOverlap(ClientTracking? current)
    {
        for (int i = 0; i < Prefixes.Count; i++)
        {
            foreach (byte[] existing in current?.Prefixes ?? [])
            {
                if (Overlap(existing, Prefixes[i])) return Text(Prefixes[i], "an existing prefix", existing);
            }

            for (int j = i + 1; j < Prefixes.Count; j++)
            {
                if (Overlap(Prefixes[i], Prefixes[j])) return Text(Prefixes[i], "another provided prefix", Prefixes[j]);
            }
        }

        return null;
    }

    private static bool Overlap(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => one.StartsWith(other) || other.StartsWith(one);

    private static string Text(byte[] prefix, string which, byte[] other) =>
        $"ERR Prefix '{Encoding.UTF8.GetString(prefix)}' overlaps with {which} '{Encoding.UTF8.GetString(other)}'. Prefixes for a single client must not overlap.";
}
