using RespProxy.Configuration;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Recent;

/// <summary>
/// Tries a tenant's rules on its recorded requests: the same compiled rules and token buckets as in force, by a clock that goes along with the record.
///
/// <para>A request that stands for many is replayed as many times, spread evenly over its neighbourhood: what is rarer than the record's resolution is smoothed,
/// so that a rate is foreseen well over seconds, and not within a split second. Buckets begin full. Rates of reply bytes have no say, since replies are not recorded; a
/// rate that the fleet shares is tried on this proxy's requests alone. Denials are in force if they are now.</para>
///
/// For one replay; not thread-safe.
/// </summary>
public sealed class RuleReplay
{
    /// <summary>Requests among which what one of them stands for is spread.</summary>
    private const int Neighbourhood = 32;

    private readonly RuleSet? _rules;
    private readonly RecordedTime _time;
    private readonly AdmissionScratch _scratch = new();
    private readonly ArgumentTable _arguments = new();
    private readonly ReplayTally _denied = new(), _throttled = new(), _delayed = new(), _shadowed = new();
    private readonly ReplayTally[] _denials;
    private readonly ReplayTally[] _rates;
    private readonly long[] _seenHits;
    private byte[] _keys = [];
    private RecentRequest? _current;

    private RuleReplay(TenantSnapshot tenant, TimeProvider time, long from)
    {
        _time = new RecordedTime(time, from);
        _rules = RuleSetCompiler.Compile(Alone(tenant), new AdmissionClock(_time));
        _denials = [.. Enumerable.Range(0, _rules?.Denials.Count ?? 0).Select(_ => new ReplayTally())];
        _rates = [.. Enumerable.Range(0, _rules?.Rates.Count ?? 0).Select(_ => new ReplayTally())];
        _seenHits = new long[_denials.Length + _rates.Length];
    }

    /// <summary>Replays requests.</summary>
    /// <param name="tenant">Whose rules.</param>
    /// <param name="requests">In the order of their times.</param>
    /// <param name="time">The clock that the requests' timestamps are of.</param>
    /// <param name="mostDecisions">A million take some tenths of a second; for more requests than that several are decided about at once.</param>
    public static ReplayOutcome Run(TenantSnapshot tenant, IReadOnlyList<RecentRequest> requests, TimeProvider time, long mostDecisions = 1_000_000)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(time);
        long total = requests.Sum(request => (long)request.Weight);
        var replay = new RuleReplay(tenant, time, requests.Count == 0 ? 0 : requests[0].At);
        replay.Run(requests, Math.Max(1, (total + mostDecisions - 1) / mostDecisions));
        return replay.Outcome(total, requests.Count == 0 ? 0 : (double)total / requests.Count);
    }

    /// <summary>Without other proxies.</summary>
    private static TenantSnapshot Alone(TenantSnapshot tenant) => tenant with
    {
        Limits = tenant.Limits with { Rates = [.. tenant.Limits.Rates.Select(rate => rate with { Reach = RateReach.Proxy, LocalShare = 1 })] },
    };

    private void Run(IReadOnlyList<RecentRequest> requests, long atOnce)
    {
        if (_rules is null) return;
        var steps = new List<Step>();
        for (int first = 0; first < requests.Count; first += Neighbourhood)
        {
            int end = Math.Min(first + Neighbourhood, requests.Count);
            long from = requests[Math.Max(0, first - 1)].At;
            steps.Clear();
            for (int i = first; i < end; i++) AddSteps(steps, requests[i], i, from, requests[end - 1].At, atOnce);
            steps.Sort();
            foreach (Step step in steps) Decide(requests[step.Index], step);
        }
    }

    private static void AddSteps(List<Step> steps, RecentRequest request, int index, long from, long to, long atOnce)
    {
        if (request.Weight == 1)
        {
            steps.Add(new Step(request.At, index, 1));
            return;
        }

        long count = (request.Weight + atOnce - 1) / atOnce;
        for (long i = 0; i < count; i++)
            steps.Add(new Step(from + (long)((i + 0.5) / count * (to - from)), index, (request.Weight / count) + (i < request.Weight % count ? 1 : 0)));
    }

    private void Decide(RecentRequest request, Step step)
    {
        if (_current != request) Show(request);
        _time.Timestamp = Math.Max(_time.Timestamp, step.At);
        var view = new RequestView(_keys, _arguments);
        _rules!.DecideRecorded(view, request, step.Times, _scratch, _rules.Clock.Now, out Verdict verdict);
        switch (verdict.Outcome)
        {
            case AdmissionOutcome.Denied:
                _denied.Add(request, step.Times);
                _denials[IndexOf(_rules.Denials, verdict.Denial!)].Add(request, step.Times);
                break;
            case AdmissionOutcome.Throttled:
                _throttled.Add(request, step.Times);
                _rates[verdict.Rate!.Ordinal].Add(request, step.Times);
                break;
            case AdmissionOutcome.Delayed:
                _delayed.Add(request, step.Times);
                break;
            default:
                break;
        }

        if (verdict.IsShadowed) AddShadowed(request, step.Times);
    }

    /// <summary>Lays the request's keys out as the arguments of one that has nothing else.</summary>
    private void Show(RecentRequest request)
    {
        _current = request;
        _arguments.Clear();
        _arguments.Add(0, 0, 0);
        _keys = [.. request.Keys.SelectMany(key => key)];
        int at = 0;
        foreach (byte[] key in request.Keys)
        {
            _arguments.Add(at, at, key.Length);
            at += key.Length;
        }
    }

    /// <summary>Which shadow rules it was the verdict does not say: those that have counted since.</summary>
    private void AddShadowed(RecentRequest request, long times)
    {
        _shadowed.Add(request, times);
        for (int i = 0; i < _denials.Length; i++)
        {
            if (_rules!.Denials[i].IsShadow && HasCounted(i, _rules.Denials[i].Hits)) _denials[i].Add(request, times);
        }

        for (int i = 0; i < _rates.Length; i++)
        {
            if (_rules!.Rates[i].IsShadow && HasCounted(_denials.Length + i, _rules.Rates[i].Exceeded)) _rates[i].Add(request, times);
        }
    }

    private bool HasCounted(int rule, long hits)
    {
        bool hasCounted = hits != _seenHits[rule];
        _seenHits[rule] = hits;
        return hasCounted;
    }

    private static int IndexOf(IReadOnlyList<DenialRule> denials, DenialRule denial)
    {
        int index = 0;
        while (denials[index] != denial) index++;
        return index;
    }

    private ReplayOutcome Outcome(long total, double meanWeight) => new()
    {
        Requests = total,
        Denied = _denied.Estimate(meanWeight),
        Throttled = _throttled.Estimate(meanWeight),
        Delayed = _delayed.Estimate(meanWeight),
        Shadowed = _shadowed.Estimate(meanWeight),
        Denials = [.. _denials.Select((tally, i) => new RuleOutcome<DenialRule>(_rules!.Denials[i], _rules.IsInForce(_rules.Denials[i]), tally.Estimate(meanWeight), tally.Examples))],
        Rates = [.. _rates.Select((tally, i) => new RuleOutcome<RateRule>(_rules!.Rates[i], true, tally.Estimate(meanWeight), tally.Examples))],
    };

    /// <param name="At">When, as a timestamp.</param>
    /// <param name="Index">Of the request.</param>
    /// <param name="Times">Requests decided about at once.</param>
    private readonly record struct Step(long At, int Index, long Times) : IComparable<Step>
    {
        public int CompareTo(Step other) => At != other.At ? At.CompareTo(other.At) : Index.CompareTo(other.Index);
    }

    /// <summary>Rates go by the record's time, expiries by that of now.</summary>
    private sealed class RecordedTime(TimeProvider now, long from) : TimeProvider
    {
        public long Timestamp { get; set; } = from;

        public override long TimestampFrequency => now.TimestampFrequency;

        public override long GetTimestamp() => Timestamp;

        public override DateTimeOffset GetUtcNow() => now.GetUtcNow();
    }
}
