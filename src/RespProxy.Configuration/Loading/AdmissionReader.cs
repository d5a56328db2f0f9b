using System.Collections.Immutable;
using System.Globalization;
using RespProxy.Protocol.Commands;

namespace RespProxy.Configuration.Loading;

/// <summary>A tenant's limits and denylist.</summary>
internal static class AdmissionReader
{
    /// <summary>Above any network; and a token bucket's clock, at 1/32 ns, still tells one byte from two.</summary>
    private const long MaxRate = 10L * 1024 * 1024 * 1024;

    /// <summary>Long enough for a sentence and a link.</summary>
    private const int MaxReason = 256;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly string[] TimeFormats =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"];

    public static TenantLimitsSnapshot ReadLimits(Section section)
    {
        IReadOnlyList<Section> rates = section.Children("rates");
        RateSnapshot[] read = [.. rates.Select(ReadRate)];
        int ofReplies = read.Count(rate => rate.Unit == RateUnit.ReplyBytes);
        if (ofReplies > TenantLimitsSnapshot.MaxReplyByteRates)
            section.Error("rates", $"has {ofReplies} rates of replyBytes; at most {TenantLimitsSnapshot.MaxReplyByteRates} are possible");
        return new TenantLimitsSnapshot
        {
            MaxConnections = section.Has("maxConnections") ? section.Integer("maxConnections", 1, 1, 1_000_000) : null,
            MaxInFlight = section.Has("maxInFlight") ? section.Integer("maxInFlight", 1, 1, 100_000_000) : null,
            Rates = [.. read],
        };
    }

    public static DenialSnapshot ReadDenial(Section section)
    {
        if (!section.Has("commands"))
            section.Error("commands", "is missing; name commands, subcommands (CLIENT|LIST) or categories (@write); @all is every command");
        DateTimeOffset? from = ReadTime(section, "from");
        return new DenialSnapshot
        {
            Scope = ReadScope(section, spec => DenialRules.CanBeDenied(spec)),
            Shadow = section.Flag("shadow", fallback: false),
            From = from,
            Expires = ReadExpiry(section, from),
            Reason = ReadReason(section),
        };
    }

    private static RateSnapshot ReadRate(Section section)
    {
        if (!section.Has("rate"))
            section.Error("rate", "is missing; write units per second, as rate: 1000");
        string? name = section.Text("name");
        if (name is not null && !NamespaceRules.IsName(name))
            section.Error("name", $"{Suggestion.Quote(name)} may hold letters, digits, '.', '_' and '-' only");
        RateAction action = section.Choice(
            "action", RateAction.Reject, ("reject", RateAction.Reject), ("delay", RateAction.Delay), ("shadow", RateAction.Shadow));
        if (section.Has("maxDelay") && action != RateAction.Delay)
            section.Error("maxDelay", "is for action: delay only; remove it, or change the action");
        long rate = section.Size("rate", 1, 1, MaxRate);
        RateReach reach = FleetReader.ReadReach(section);
        return new RateSnapshot
        {
            Name = name,
            Scope = ReadScope(section, _ => true),
            Unit = section.Choice(
                "unit",
                RateUnit.Commands,
                ("commands", RateUnit.Commands), ("keys", RateUnit.Keys), ("requestBytes", RateUnit.RequestBytes), ("replyBytes", RateUnit.ReplyBytes)),
            Rate = rate,
            Burst = section.Size("burst", rate, 1, rate * 3600),
            Action = action,
            MaxDelay = section.Duration("maxDelay", new RateSnapshot { Rate = 1, Burst = 1 }.MaxDelay, TimeSpan.FromMilliseconds(1), Hour),
            Reach = reach,
            LocalShare = FleetReader.ReadLocalShare(section, reach),
        };
    }

    private static RuleScopeSnapshot ReadScope(Section section, Func<CommandSpec, bool> allows)
    {
        var scope = new RuleScopeSnapshot { Keys = ReadTexts(section, "keys"), Patterns = ReadTexts(section, "patterns") };
        if (!section.Has("commands")) return scope;
        var commands = ImmutableArray.CreateBuilder<string>();
        var specs = new List<CommandSpec>();
        foreach ((ConfigNode node, string path) in section.Items("commands"))
        {
            if (node is not ScalarNode { IsNull: false } scalar) continue;
            IReadOnlyList<CommandSpec> named = CommandSelector.Find(scalar.Text);
            if (named.Count == 0)
                section.ErrorAt(node, path, $"{Suggestion.Quote(scalar.Text)} names no command; {Suggestion.For(scalar.Text, Names(scalar.Text))}");
            else if (!scalar.Text.StartsWith('@') && !named.Any(allows))
                section.ErrorAt(node, path, $"{Suggestion.Quote(scalar.Text)} cannot be denied: clients need it to identify themselves, or to end what they began");
            commands.Add(scalar.Text);
            specs.AddRange(named);
        }

        if (section.Node("commands") is ListNode { Items.Count: 0 } or ScalarNode { IsNull: true })
            section.Error("commands", "needs at least one element; @all is every command");
        if (scope.NamesKeys && specs.Count > 0 && specs.TrueForAll(spec => spec.Keys.Shape == KeyShape.None))
            section.Error(scope.Keys.IsEmpty ? "patterns" : "keys", "can never match: none of the commands has keys");
        return scope with { Commands = commands.ToImmutable() };
    }

    private static string[] Names(string written) =>
        written.StartsWith('@') ? [.. CommandSelector.Categories] : [.. CommandTable.All.Select(spec => spec.Name)];

    private static ImmutableArray<string> ReadTexts(Section section, string key)
    {
        if (section.Node(key) is ListNode { Items.Count: 0 } or ScalarNode { IsNull: true })
            section.Error(key, "needs at least one element; without the key every call of the commands is meant");
        return [.. section.Items(key).Select(item => item.Node).OfType<ScalarNode>().Where(scalar => !scalar.IsNull).Select(scalar => scalar.Text)];
    }

    private static DateTimeOffset? ReadTime(Section section, string key)
    {
        if (section.Text(key) is not { } text) return null;
        // With Z or an offset: whose local time it would be otherwise, nobody could tell.
        bool hasZone = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-');
        if (hasZone && DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)) return time;
        section.Error(key, $"{Suggestion.Quote(text)} is not a time; write date, time and zone, as 2026-01-31T12:00:00Z");
        return null;
    }

    private static DateTimeOffset? ReadExpiry(Section section, DateTimeOffset? from)
    {
        DateTimeOffset? expires = ReadTime(section, "expires");
        if (section.Has("for"))
        {
            TimeSpan length = section.Duration("for", Hour, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24 * 366));
            if (section.Has("expires")) section.Error("for", "says the same as expires; remove one");
            else if (!section.Has("from")) section.Error("for", "needs a start; write from: beside it, or expires: instead");
            // A day's length before the last day there is.
            else if (from is { Year: < 9000 } start) expires = start + length;
        }

        if (from is not null && expires is not null && expires <= from) section.Error("expires", "is not after from; the rule would never hold");
        return expires;
    }

    private static string? ReadReason(Section section)
    {
        string? reason = section.Text("reason");
        if (reason is not null && (reason.Length is 0 or > MaxReason || reason.Any(char.IsControl)))
            section.Error("reason", $"must be one line of 1 to {MaxReason} characters: it is part of an error line");
        return reason;
    }
}
