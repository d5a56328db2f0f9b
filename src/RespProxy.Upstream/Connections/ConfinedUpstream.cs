using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RespProxy.Transport;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Connections;

/// <summary>Whether the nodes take a <see cref="ConfinedUser"/>.</summary>
public enum ConfinementState
{
    /// <summary>Being found out: <see cref="ConfinedUpstream.WhenKnown"/>.</summary>
    Unknown,

    /// <summary>A node has; its connections may be used.</summary>
    Granted,

    /// <summary>A node has said that it will not.</summary>
    Refused,

    /// <summary>No node has answered in time.</summary>
    Unreachable,
}

/// <summary>
/// One loop's connections to an upstream as a <see cref="ConfinedUser"/>: another <see cref="UpstreamLoop"/> over the same topology.
/// Begun when it is first wanted. Loop thread only.
/// </summary>
public sealed class ConfinedUpstream
{
    /// <summary>How long a refusal stands before the nodes are asked again.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(2);

    private readonly EventLoop _events;
    private readonly List<Action> _waiting = [];
    private bool _isStarted;
    private long _knownAt;
    private LoopTimer? _deadline;

    internal ConfinedUpstream(EventLoop events, ConfinedUser user, UpstreamLoop shared, ClusterTopology topology, NodeResolver resolver, ILogger logger)
    {
        _events = events;
        User = user;
        Loop = new UpstreamLoop(events, shared.Snapshot, topology, resolver, logger, user, shared.Counters) { HandshakeEnded = OnHandshakeEnded };
    }

    public ConfinedUser User { get; }

    public UpstreamLoop Loop { get; }

    public ConfinementState State { get; private set; }

    /// <summary>Handshakes that made a connection the user's, and those that were refused.</summary>
    public event Action<bool>? Provisioned;

    /// <summary>Asks the nodes, unless that is known or being asked. To be called before <see cref="State"/> is looked at.</summary>
    public void Begin()
    {
        if (State == ConfinementState.Granted || (State != ConfinementState.Unknown && _events.Now - _knownAt < Ticks(AskAgainAfter))) return;
        State = ConfinementState.Unknown;
        if (_deadline is not null) return;
        _deadline = _events.Schedule(Loop.Snapshot.RequestTimeout, () => Conclude(ConfinementState.Unreachable));
        if (_isStarted)
        {
            Loop.ConnectToPrimaries();
            return;
        }

        _isStarted = true;
        Loop.Start();
    }

    /// <summary>Calls back once the state is known.</summary>
    public void WhenKnown(Action callback)
    {
        if (State == ConfinementState.Unknown) _waiting.Add(callback);
        else callback();
    }

    private void OnHandshakeEnded(bool isRefused)
    {
        Provisioned?.Invoke(!isRefused);
        // A node that refuses later does not take away what others grant; its own requests end in errors, and the log says why.
        if (State != ConfinementState.Granted) Conclude(isRefused ? ConfinementState.Refused : ConfinementState.Granted);
    }

    private void Conclude(ConfinementState state)
    {
        _deadline?.Cancel();
        _deadline = null;
        State = state;
        _knownAt = _events.Now;
        Action[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (Action callback in waiting) callback();
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
