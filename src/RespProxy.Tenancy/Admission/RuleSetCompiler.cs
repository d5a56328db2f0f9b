using RespProxy.Configuration;
using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Admission;

/// <summary>Makes a <see cref="RuleSet"/> of a tenant's configuration: each rule is put down at each command that it names.</summary>
public static class RuleSetCompiler
{
    /// <summary>Null when the tenant has no rules.</summary>
    /// <param name="tenant">A validated configuration.</param>
    /// <param name="clock">What rates and expiries go by; the same as that of <paramref name="previous"/>.</param>
    /// <param name="previous">The rules that these replace: what has been used of a rate stays used. Null at the start.</param>
    public static RuleSet? Compile(TenantSnapshot tenant, AdmissionClock clock, RuleSet? previous = null)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        ArgumentNullException.ThrowIfNull(clock);
        if (tenant.Denials.IsEmpty && tenant.Limits.Rates.IsEmpty) return null;
        var drafts = new Draft?[CommandTable.All.Count];
        int number = 0;
        var denials = new List<DenialRule>();
        foreach (DenialSnapshot denial in tenant.Denials)
        {
            denials.Add(new DenialRule(tenant.Name, denial));
            var rule = new Rule(number++, denial.Scope, new KeyRule(denials[^1], null));
            if (denial.Expires > clock.UtcNow || denial.Expires is null) PutDown(drafts, rule, DenialRules.CanBeDenied);
        }

        var rates = new List<RateRule>();
        for (int i = 0; i < tenant.Limits.Rates.Length; i++)
        {
            RateSnapshot snapshot = tenant.Limits.Rates[i];
            ulong replyBit = snapshot.Unit == RateUnit.ReplyBytes ? 1UL << rates.Count(each => each.ReplyBit != 0) : 0;
            var rate = new RateRule(snapshot, i, replyBit);
            if (previous?.Rates.FirstOrDefault(rate.HasPurposeOf) is { } same) rate.ContinueFrom(same, clock.Now);
            rates.Add(rate);
            PutDown(drafts, new Rule(number++, snapshot.Scope, new KeyRule(null, rate)), _ => true);
        }

        var shared = new Dictionary<string, KeyRules>(StringComparer.Ordinal);
        return new RuleSet([.. drafts.Select(draft => draft?.Finish(shared))], denials, rates, clock);
    }

    private static void PutDown(Draft?[] drafts, Rule rule, Func<CommandSpec, bool> isFor)
    {
        foreach (CommandSpec spec in rule.Scope.Commands.SelectMany(CommandSelector.Find).Distinct().Where(isFor))
            (drafts[spec.Index] ??= new Draft(spec)).Add(rule);
    }

    /// <param name="Number">Its own among the tenant's rules.</param>
    /// <param name="Scope">What it is for.</param>
    /// <param name="Value">The rule, as it is kept for keys.</param>
    private sealed record Rule(int Number, RuleScopeSnapshot Scope, KeyRule Value);

    /// <summary>The rules of one command while they are gathered.</summary>
    private sealed class Draft(CommandSpec spec)
    {
        private readonly List<DenialRule> _denials = [];
        private readonly List<RateRule> _rates = [];
        private readonly List<Rule> _keyed = [];

        public void Add(Rule rule)
        {
            if (rule.Scope.NamesKeys) _keyed.Add(rule);
            else if (rule.Value.Rate is not null) _rates.Add(rule.Value.Rate);
            // Of a thousand denials of one command the first one speaks; those it leaves nothing to are not kept.
            else if (!_denials.Exists(earlier => earlier.Covers(rule.Value.Denial!))) _denials.Add(rule.Value.Denial!);
        }

        public CommandRules Finish(Dictionary<string, KeyRules> shared)
        {
            bool hasKeys = spec.Keys.Shape != KeyShape.None;
            return new CommandRules
            {
                Denials = [.. _denials],
                Rates = [.. _rates],
                Keyed = hasKeys && _keyed.Count > 0 ? Share(shared) : null,
                NeedsKeys = hasKeys && (_keyed.Count > 0 || _rates.Exists(rate => rate.Unit == RateUnit.Keys)),
                MayBeThrottled = DenialRules.CanBeThrottled(spec),
                IsSimple = _denials.Count == 0 && (!hasKeys || _keyed.Count == 0 || spec.HasOneKeyFirst)
                    && _rates is [] or [{ Unit: RateUnit.Commands }],
            };
        }

        /// <summary>One index for all commands with the same rules for keys: a rule of <c>@write</c> is not copied for each of them.</summary>
        private KeyRules Share(Dictionary<string, KeyRules> shared)
        {
            string identity = string.Join(' ', _keyed.Select(rule => rule.Number));
            if (!shared.TryGetValue(identity, out KeyRules? rules))
                shared.Add(identity, rules = new KeyRules(_keyed.Select(rule => (rule.Scope, rule.Value))));
            return rules;
        }
    }
}
