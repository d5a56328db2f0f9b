using System.Runtime.CompilerServices;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Recent;

namespace RespProxy.Downstream.Insight;

/// <summary>
/// What one loop sees of how one tenant uses its keys: which are hot, which are big. Every request passes here, in stage 7 of docs/architecture.md: one that
/// is not sampled costs a decrement and two comparisons. Replies come back to <see cref="ObservedReplies"/> only where they were sampled or are large.
///
/// Loop thread only, but for <see cref="HotKeys"/>, <see cref="BigKeys"/> and <see cref="Recent"/> where they say otherwise.
/// </summary>
internal sealed class TenantInsight
{
    /// <summary>An <see cref="Upstream.Connections.InFlightRequest.ObserveFrom"/> that every reply reaches. Of a single command it says that the request was sampled.</summary>
    public const uint AnyReply = 1;

    private readonly uint[] _observeFrom;
    private readonly int _bigRequest;
    private readonly KeyIndexes _keys = new();

    /// <param name="hotKeys">As configured.</param>
    /// <param name="bigKeys">As configured.</param>
    /// <param name="observeFrom">By the commands' numbers, from which length on replies are to be observed; 0 for never.</param>
    /// <param name="time">What windows and expiries go by.</param>
    /// <param name="recent">As configured.</param>
    /// <param name="budget">What the loop counts for all tenants.</param>
    public TenantInsight(
        HotKeysSnapshot hotKeys, BigKeysSnapshot bigKeys, uint[] observeFrom, TimeProvider time, RecentRequestsSnapshot recent, SampleBudget budget)
    {
        _observeFrom = observeFrom;
        _bigRequest = bigKeys.Enabled ? bigKeys.Bytes : int.MaxValue;
        HotKeys = hotKeys.Enabled ? new TenantHotKeys(hotKeys, time, budget) : null;
        BigKeys = bigKeys.Enabled ? new BigKeyTable(bigKeys, time) : null;
        Recent = hotKeys.Enabled && recent.Enabled ? new RecentRequests(recent, time, (ulong)Random.Shared.NextInt64() | 1) : null;
    }

    /// <summary>Null when they are not counted.</summary>
    public TenantHotKeys? HotKeys { get; }

    /// <summary>Null when they are not kept.</summary>
    public BigKeyTable? BigKeys { get; }

    /// <summary>Null when none are kept.</summary>
    public RecentRequests? Recent { get; }

    /// <summary>A request that no node was asked for: the proxy has answered it itself, or refused it by a rule.</summary>
    public void OnUnsent(in RequestView request, CommandSpec spec)
    {
        if (Recent is null || !HotKeys!.IsNextSampled()) return;
        if (KeyExtractor.Extract(request, spec, _keys, out _) != KeyExtraction.Found) _keys.Clear();
        Recent.Note(request, spec, _keys.Items, HotKeys.Weight);
    }

    /// <summary>A read of one key that the near cache has answered, or will.</summary>
    public void OnLocalRead(in RequestView request, CommandSpec spec, int database)
    {
        if (HotKeys is not null && HotKeys.CountLocalRead(request[1], database)) Recent?.Note(request, spec, [1], HotKeys.Weight);
    }

    /// <summary>A request is sent to a node. From which length on its reply is to be observed.</summary>
    /// <param name="request">As the client sent it.</param>
    /// <param name="spec">Its command.</param>
    /// <param name="keys">Its arguments that are keys.</param>
    /// <param name="database">Where they are.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint OnRequest(in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys, int database)
    {
        if (HotKeys is not null && HotKeys.IsNextSampled()) return Count(HotKeys, request, spec, keys, database);
        if (request.Frame.Length >= _bigRequest) NoteRequest(request, spec, keys, database);
        return _observeFrom[spec.Index];
    }

    /// <summary>As <see cref="OnRequest"/>, for a request whose reply says nothing of its keys' size, or will not be observed: its own bytes are all that count.</summary>
    public void OnRequestAlone(in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys, int database)
    {
        if (OnRequest(request, spec, keys, database) != AnyReply || HotKeys is null || keys.IsEmpty) return;
        foreach (int key in keys) HotKeys.CountBytes(new SketchKey(request[key], database), request.Frame.Length / keys.Length);
    }

    private uint Count(TenantHotKeys hotKeys, in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys, int database)
    {
        // What it names may be channels.
        Recent?.Note(request, spec, spec.Route == RouteRule.Channel ? [] : keys, hotKeys.Weight);
        if (spec.Route == RouteRule.Channel) return 0;
        foreach (int key in keys) hotKeys.CountUse(new SketchKey(request[key], database), spec.IsReadOnly);
        if (request.Frame.Length >= _bigRequest) NoteRequest(request, spec, keys, database);
        return AnyReply;
    }

    /// <summary>A large request: large is the value of its key, or those of some of its keys where each has one.</summary>
    private void NoteRequest(in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys, int database)
    {
        if (BigKeys is null || spec.Route is RouteRule.Channel or RouteRule.Script) return;
        if (keys.Length == 1)
        {
            BigKeys.Note(new SketchKey(request[keys[0]], database), request.Frame.Length, elements: 0, spec);
            return;
        }

        if (spec.Keys.Step != 2) return;
        foreach (int key in keys)
        {
            if (key + 1 < request.Count) BigKeys.Note(new SketchKey(request[key], database), request[key + 1].Length, elements: 0, spec);
        }
    }
}
