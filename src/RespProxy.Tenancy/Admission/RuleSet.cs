using System.Runtime.CompilerServices;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Recent;

namespace RespProxy.Tenancy.Admission;

/// <summary>
/// A tenant's denylists and rates, compiled: by the command's number to the rules that concern it, so that a command without rules costs one
/// array read; from there exact keys by hash and patterns by what they begin with. Immutable but for the buckets; any thread;
/// decisions allocate nothing.
/// </summary>
public sealed class RuleSet
{
    private readonly CommandRules?[] _byCommand;
    private readonly RateRule[] _replyRates;
    private readonly AdmissionClock _clock;

    internal RuleSet(CommandRules?[] byCommand, IReadOnlyList<DenialRule> denials, IReadOnlyList<RateRule> rates, AdmissionClock clock)
    {
        _byCommand = byCommand;
        _replyRates = [.. rates.Where(rate => rate.ReplyBit != 0)];
        _clock = clock;
        Denials = denials;
        Rates = rates;
    }

    /// <summary>All of the tenant's denylist, in the order written.</summary>
    public IReadOnlyList<DenialRule> Denials { get; }

    /// <summary>All of the tenant's rates, in the order written.</summary>
    public IReadOnlyList<RateRule> Rates { get; }

    /// <summary>What is left of a rate now; negative while it is in debt.</summary>
    public long AvailableOf(RateRule rate)
    {
        ArgumentNullException.ThrowIfNull(rate);
        return rate.Available(_clock.Now);
    }

    /// <summary>The rule has begun and has not ended.</summary>
    public bool IsInForce(DenialRule denial)
    {
        ArgumentNullException.ThrowIfNull(denial);
        return denial.IsInForce(_clock);
    }

    /// <summary>What the rates and expiries go by.</summary>
    public AdmissionClock Clock => _clock;

    /// <summary>True: replies must be charged.</summary>
    public bool HasReplyRates => _replyRates.Length > 0;

    /// <summary>
    /// True: the request is allowed and has paid, and its reply owes nothing; the way of nearly every request. False: nothing is decided nor taken, and
    /// <see cref="Decide"/> is to be asked.
    /// </summary>
    /// <param name="request">The request as the client sent it.</param>
    /// <param name="spec">Its command.</param>
    /// <param name="now">As for <see cref="Decide"/>.</param>
    /// <param name="loop">The number of the loop that asks: rates count for each.</param>
    public bool TryAllow(in RequestView request, CommandSpec spec, long now, int loop = 0)
    {
        CommandRules? rules = _byCommand[spec.Index];
        if (rules is null) return true;
        if (!rules.IsSimple || (rules.Keyed is { } keyed && (request.Count < 2 || keyed.MayConcern(request[1])))) return false;
        if (rules.OnlyRate is not { } rate) return true;
        if (!rate.TryTake(now, 1)) return false;
        RateCounts counts = rate.CountsOf(loop);
        counts.Granted++;
        counts.Used++;
        return true;
    }

    /// <summary>
    /// Decides about one request, and takes from the buckets what it costs unless it is refused.
    /// <list type="bullet">
    /// <item>No rule names the command, or none its keys: <see cref="AdmissionOutcome.Allowed"/>.</item>
    /// <item>A denial in force names the command, or one of its keys: <see cref="AdmissionOutcome.Denied"/>; nothing is taken.</item>
    /// <item>A rate would need a longer wait than it grants: <see cref="AdmissionOutcome.Throttled"/>, with the first such rate; nothing is taken.</item>
    /// <item>All rates grant it, one or more after a wait: <see cref="AdmissionOutcome.Delayed"/> by the longest; all is taken.</item>
    /// <item>All rates grant it at once: <see cref="AdmissionOutcome.Allowed"/>; all is taken.</item>
    /// <item>The command may not be throttled (<see cref="DenialRules.CanBeThrottled"/>): allowed; taken is what is there.</item>
    /// </list>
    /// Shadow rules that are met on the way change nothing but <see cref="Verdict.IsShadowed"/>.
    /// </summary>
    /// <param name="request">The request as the client sent it.</param>
    /// <param name="spec">Its command.</param>
    /// <param name="scratch">The loop's.</param>
    /// <param name="now">The time by <see cref="Clock"/>; may be as old as the loop's turn.</param>
    /// <param name="verdict">The decision.</param>
    public void Decide(in RequestView request, CommandSpec spec, AdmissionScratch scratch, long now, out Verdict verdict)
    {
        verdict = default;
        CommandRules? rules = _byCommand[spec.Index];
        if (rules is null) return;
        scratch.Clear();
        scratch.RequestBytes = request.Frame.Length;
        bool isShadowed = false;
        DenialRule? denial = FindDenial(rules.Denials, ref isShadowed);
        if (denial is null)
        {
            if (rules.NeedsKeys) FindKeys(request, spec, scratch);
            denial = Match(rules, request, scratch, ref isShadowed);
        }

        Conclude(rules, denial, isShadowed, scratch, now, ref verdict);
    }

    /// <summary>As <see cref="Decide"/>, for as many requests at once as a recorded one stands for. Its keys are all arguments of <paramref name="keys"/> but the first.</summary>
    internal void DecideRecorded(in RequestView keys, RecentRequest request, long times, AdmissionScratch scratch, long now, out Verdict verdict)
    {
        verdict = default;
        CommandRules? rules = _byCommand[request.Command.Index];
        if (rules is null) return;
        scratch.Clear();
        (scratch.RequestBytes, scratch.KeyCount) = (request.Bytes, request.KeyCount);
        scratch.Keys.Clear();
        for (int i = 1; i < keys.Count; i++) scratch.Keys.Add(i);
        bool isShadowed = false;
        DenialRule? denial = FindDenial(rules.Denials, ref isShadowed) ?? Match(rules, keys, scratch, ref isShadowed);
        scratch.Multiply(times);
        Conclude(rules, denial, isShadowed, scratch, now, ref verdict);
    }

    /// <summary>Charges a reply to the rates that its request's verdict named.</summary>
    public void ChargeReply(ulong replyRates, int length, int loop = 0)
    {
        long now = _clock.Now;
        foreach (RateRule rate in _replyRates)
        {
            if ((replyRates & rate.ReplyBit) != 0) rate.Charge(now, length, loop);
        }
    }

    private DenialRule? FindDenial(ReadOnlySpan<DenialRule> denials, ref bool isShadowed)
    {
        foreach (DenialRule denial in denials)
        {
            if (Enforces(denial, ref isShadowed)) return denial;
        }

        return null;
    }

    private bool Enforces(DenialRule denial, ref bool isShadowed)
    {
        if (!denial.IsInForce(_clock)) return false;
        denial.CountHit();
        isShadowed |= denial.IsShadow;
        return !denial.IsShadow;
    }

    /// <summary>What is wrong with a request whose keys cannot be found is told where it is routed.</summary>
    private static void FindKeys(in RequestView request, CommandSpec spec, AdmissionScratch scratch)
    {
        if (KeyExtractor.Extract(request, spec, scratch.Keys, out _) != KeyExtraction.Found) scratch.Keys.Clear();
        scratch.KeyCount = scratch.Keys.Count;
    }

    /// <summary>Puts down what the request costs at each rate, unless a denial names one of its keys.</summary>
    private DenialRule? Match(CommandRules rules, in RequestView request, AdmissionScratch scratch, ref bool isShadowed)
    {
        foreach (RateRule rate in rules.Rates) scratch.AddOnce(rate, WholeCost(rate, scratch));
        return rules.Keyed is null ? null : ApplyKeyRules(rules.Keyed, request, scratch, ref isShadowed);
    }

    private static void Conclude(CommandRules rules, DenialRule? denial, bool isShadowed, AdmissionScratch scratch, long now, ref Verdict verdict)
    {
        verdict.IsShadowed = isShadowed;
        if (denial is not null)
        {
            verdict.Outcome = AdmissionOutcome.Denied;
            verdict.Denial = denial;
        }
        else if (scratch.Count > 0)
        {
            Take(scratch, rules.MayBeThrottled, now, ref verdict);
        }
    }

    private static long WholeCost(RateRule rate, AdmissionScratch scratch) => rate.Unit switch
    {
        RateUnit.Keys => scratch.KeyCount,
        RateUnit.RequestBytes => scratch.RequestBytes,
        RateUnit.ReplyBytes => 0,
        _ => 1,
    };

    private DenialRule? ApplyKeyRules(KeyRules rules, in RequestView request, AdmissionScratch scratch, ref bool isShadowed)
    {
        foreach (int argument in scratch.Keys.Items)
        {
            if (rules.MayConcern(request[argument]) && ApplyRulesOf(argument, rules, request, scratch, ref isShadowed) is { } denial) return denial;
        }

        return null;
    }

    /// <summary>Apart, since most keys have no rule, and what this needs room for would be cleared for them too.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private DenialRule? ApplyRulesOf(int argument, KeyRules rules, in RequestView request, AdmissionScratch scratch, ref bool isShadowed)
    {
        ReadOnlySpan<byte> key = request[argument];
        foreach (KeyRule rule in rules.Named(key))
        {
            if (rule.Rate is not null) AddKey(rule.Rate, argument, scratch);
            else if (Enforces(rule.Denial!, ref isShadowed)) return rule.Denial;
        }

        PatternIndex.Matches matches = rules.Matching(key);
        while (matches.MoveNext())
        {
            if (matches.Current.Rate is not null) AddKey(matches.Current.Rate, argument, scratch);
            else if (Enforces(matches.Current.Denial!, ref isShadowed)) return matches.Current.Denial;
        }

        return null;
    }

    /// <summary>Keys cost one each; a command costs once, however many of its keys the rate is for.</summary>
    private static void AddKey(RateRule rate, int argument, AdmissionScratch scratch)
    {
        if (rate.Unit == RateUnit.Keys) scratch.AddKey(rate, argument);
        else scratch.AddOnce(rate, WholeCost(rate, scratch));
    }

    private static void Take(AdmissionScratch scratch, bool mayBeThrottled, long now, ref Verdict verdict)
    {
        ulong replyRates = 0;
        long longest = 0;
        // Asked first, so that a request which one rate refuses does not keep others from another's tokens for a moment.
        if (mayBeThrottled && scratch.Count > 1 && FindRefusing(scratch, now) is { Rate: not null } refused)
        {
            Refuse(scratch, taken: 0, refused.Rate, refused.Wait, ref verdict);
            return;
        }

        for (int i = 0; i < scratch.Count; i++)
        {
            RateRule rate = scratch.RateAt(i);
            replyRates |= rate.ReplyBit;
            bool isTaken = rate.TryReserve(now, scratch.CostOf(rate), mayBeThrottled ? rate.MaxWait : 0, out long wait);
            if (isTaken) longest = Math.Max(longest, CountGranted(rate, scratch, wait));
            else if (rate.IsShadow) verdict.IsShadowed = CountShadow(rate, scratch);
            else if (mayBeThrottled)
            {
                Refuse(scratch, i, rate, wait, ref verdict);
                return;
            }
        }

        verdict.Outcome = longest > 0 ? AdmissionOutcome.Delayed : AdmissionOutcome.Allowed;
        verdict.Wait = longest;
        verdict.ReplyRates = replyRates;
    }

    private static (RateRule? Rate, long Wait) FindRefusing(AdmissionScratch scratch, long now)
    {
        for (int i = 0; i < scratch.Count; i++)
        {
            RateRule rate = scratch.RateAt(i);
            if (rate.IsShadow) continue;
            long wait = rate.WaitFor(now, scratch.CostOf(rate));
            if (wait > rate.MaxWait) return (rate, wait);
        }

        return default;
    }

    private static bool CountShadow(RateRule rate, AdmissionScratch scratch)
    {
        rate.CountExceeded(scratch.CostOf(rate), scratch.Loop);
        return true;
    }

    /// <summary>Returns the wait.</summary>
    private static long CountGranted(RateRule rate, AdmissionScratch scratch, long wait)
    {
        RateCounts counts = rate.CountsOf(scratch.Loop);
        counts.Granted++;
        counts.Used += scratch.CostOf(rate);
        if (wait > 0) counts.Delayed++;
        return wait;
    }

    /// <summary>Refuses by a rate. If another loop was faster, what was taken from the rates before goes back.</summary>
    private static void Refuse(AdmissionScratch scratch, int taken, RateRule refusing, long wait, ref Verdict verdict)
    {
        refusing.CountExceeded(scratch.CostOf(refusing), scratch.Loop);
        for (int i = 0; i < taken; i++)
        {
            RateRule rate = scratch.RateAt(i);
            if (!rate.IsShadow) rate.Refund(scratch.CostOf(rate));
        }

        verdict.Outcome = AdmissionOutcome.Throttled;
        verdict.Rate = refusing;
        verdict.Wait = wait;
    }
}
