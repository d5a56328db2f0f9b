using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Configuration;

/// <summary>What a rate is measured in, always per second.</summary>
public enum RateUnit
{
    Commands,

    /// <summary>Keys that the commands name: an MGET of ten keys costs ten.</summary>
    Keys,

    /// <summary>Bytes of the requests as the client sends them.</summary>
    RequestBytes,

    /// <summary>Bytes of the replies as the client gets them. Known only afterwards: a reply may exceed what is left, and later commands pay for it.</summary>
    ReplyBytes,
}

/// <summary>What happens to a command beyond its rate.</summary>
public enum RateAction
{
    /// <summary>It is answered with an error that says when to come back.</summary>
    Reject,

    /// <summary>It waits for its turn, and is rejected when that is too far away.</summary>
    Delay,

    /// <summary>It runs, and is counted.</summary>
    Shadow,
}

/// <summary>How much of the shared servers a tenant may use.</summary>
public sealed record TenantLimitsSnapshot
{
    /// <summary>Most rates of reply bytes: the proxy remembers for each request in flight which of them it is charged to, a bit each.</summary>
    public const int MaxReplyByteRates = 64;

    /// <summary>Client connections of the tenant at once; null: as many as the proxy takes.</summary>
    public int? MaxConnections { get; init; }

    /// <summary>Requests of all the tenant's clients that are unanswered at once; null: no bound of its own.</summary>
    public int? MaxInFlight { get; init; }

    public ImmutableArray<RateSnapshot> Rates { get; init; } = [];

    /// <summary>By what the lists hold.</summary>
    public bool Equals(TenantLimitsSnapshot? other) =>
        other is not null && MaxConnections == other.MaxConnections && MaxInFlight == other.MaxInFlight && Rates.SequenceEqual(other.Rates);

    public override int GetHashCode() => HashCode.Combine(MaxConnections, MaxInFlight, Rates.Length);
}

/// <summary>Commands, and of their calls those that name certain keys.</summary>
public sealed record RuleScopeSnapshot
{
    /// <summary>Selectors as <see cref="Protocol.Commands.CommandSelector"/> reads them; at least one.</summary>
    public ImmutableArray<string> Commands { get; init; } = ["@all"];

    /// <summary>Exact keys, as the client writes them.</summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>Glob patterns of keys, as KEYS takes them.</summary>
    public ImmutableArray<string> Patterns { get; init; } = [];

    /// <summary>False: every call of the commands is meant, whatever its keys.</summary>
    public bool NamesKeys => !Keys.IsEmpty || !Patterns.IsEmpty;

    /// <summary>By what the lists hold: two loads of one text are equal.</summary>
    public bool Equals(RuleScopeSnapshot? other) =>
        other is not null && Commands.SequenceEqual(other.Commands) && Keys.SequenceEqual(other.Keys) && Patterns.SequenceEqual(other.Patterns);

    public override int GetHashCode() => HashCode.Combine(Commands.Length, Keys.Length, Patterns.Length, Commands.IsEmpty ? null : Commands[0], Keys.IsEmpty ? null : Keys[0]);

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Commands = {string.Join(' ', Commands)}, Keys = {string.Join(' ', Keys)}, Patterns = {string.Join(' ', Patterns)}");
        return true;
    }
}

/// <summary>A token bucket: so many a second, and at once so many as were left unused.</summary>
public sealed record RateSnapshot
{
    /// <summary>What errors call the rate; null: a name made of the commands and the unit.</summary>
    public string? Name { get; init; }

    public RuleScopeSnapshot Scope { get; init; } = new();

    public RateUnit Unit { get; init; }

    /// <summary>Units per second, at least 1.</summary>
    public required long Rate { get; init; }

    /// <summary>Units that an idle tenant may use at once, at least 1. One command that costs more passes when the bucket is full, and is paid for afterwards.</summary>
    public required long Burst { get; init; }

    public RateAction Action { get; init; } = RateAction.Reject;

    /// <summary>Longest wait of <see cref="RateAction.Delay"/>.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    public RateReach Reach { get; init; } = RateReach.Proxy;

    /// <summary>Of <see cref="RateReach.Fleet"/>: the part of rate and burst that one proxy gives out while the control Redis is away; 1 otherwise.</summary>
    public decimal LocalShare { get; init; } = 1;

    /// <summary>Units per second that this proxy gives out by itself.</summary>
    public long LocalRate => Math.Max(1, (long)(Rate * LocalShare));

    /// <summary>Units that this proxy gives out at once by itself.</summary>
    public long LocalBurst => Math.Clamp((long)(Burst * LocalShare), 1, LocalRate * 3600);
}

/// <summary>Commands that a tenant may not run.</summary>
public sealed record DenialSnapshot
{
    public required RuleScopeSnapshot Scope { get; init; }

    /// <summary>The commands run and are counted.</summary>
    public bool Shadow { get; init; }

    /// <summary>Holds from then on; null: from the start.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>No longer holds then; null: for good.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Said to the client; one line. Null: nothing but the refusal.</summary>
    public string? Reason { get; init; }
}
