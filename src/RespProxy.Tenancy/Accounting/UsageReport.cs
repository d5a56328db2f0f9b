using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Accounting;

/// <summary>What one tenant's clients have done since the proxy's start, summed over its loops when it was made. Immutable.</summary>
public sealed class UsageReport
{
    /// <summary>In place of a tenant's name: clients that have not authenticated. No tenant can be called so.</summary>
    public const string Nobody = "";

    internal UsageReport(string tenant, IReadOnlyList<TenantUsage> loops)
    {
        Tenant = tenant;
        Pushes = loops.Sum(loop => Volatile.Read(ref loop.Pushes));
        PushedBytes = loops.Sum(loop => Volatile.Read(ref loop.PushedBytes));
        Commands = [.. loops.SelectMany(loop => loop.Commands).GroupBy(usage => usage.Command).Select(CommandReading.Of)];
        Total = CommandReading.Sum("total", Commands);
    }

    public string Tenant { get; }

    /// <summary>What was sent to clients and answers no command: publications, invalidations, the reason why a connection ends.</summary>
    public long Pushes { get; }

    /// <summary>Bytes of the <see cref="Pushes"/>.</summary>
    public long PushedBytes { get; }

    /// <summary>One for each command used. By no particular order.</summary>
    public IReadOnlyList<CommandReading> Commands { get; }

    /// <summary>All commands together; its <see cref="CommandReading.Upstream"/> leaves out those that wait by themselves, as their time says nothing of the nodes.</summary>
    public CommandReading Total { get; }
}

/// <summary>What a tenant's clients have done with a command; <see cref="CommandUsage"/> says what is counted when. Immutable.</summary>
public sealed record CommandReading
{
    /// <summary>The name of all that no Redis knows. Callers fold what they leave out into another.</summary>
    public const string UnknownName = "unknown";

    /// <summary>In lower case, as Redis's commandstats has it: <c>client|list</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The row of the table; null for sums, and for what is in no row.</summary>
    public CommandSpec? Command { get; init; }

    /// <inheritdoc cref="CommandUsage.Calls"/>
    public required long Calls { get; init; }

    /// <inheritdoc cref="CommandUsage.Errors"/>
    public required long Errors { get; init; }

    /// <inheritdoc cref="CommandUsage.RequestBytes"/>
    public required long RequestBytes { get; init; }

    /// <inheritdoc cref="CommandUsage.ReplyBytes"/>
    public required long ReplyBytes { get; init; }

    /// <inheritdoc cref="CommandUsage.Allowed"/>
    public required long Allowed { get; init; }

    /// <inheritdoc cref="CommandUsage.Denied"/>
    public required long Denied { get; init; }

    /// <inheritdoc cref="CommandUsage.Throttled"/>
    public required long Throttled { get; init; }

    /// <inheritdoc cref="CommandUsage.OverQuota"/>
    public required long OverQuota { get; init; }

    /// <inheritdoc cref="CommandUsage.Delayed"/>
    public required long Delayed { get; init; }

    /// <inheritdoc cref="CommandUsage.Shadowed"/>
    public required long Shadowed { get; init; }

    /// <summary>Time that the proxy added to each call answered: docs/architecture.md says what is measured.</summary>
    public required LatencyReading Added { get; init; }

    /// <summary>Time that each call spent waiting for nodes, of those that did.</summary>
    public required LatencyReading Upstream { get; init; }

    /// <summary>True for commands that may wait until something happens (BLPOP, XREAD, WAIT): Redis's flag.</summary>
    public bool MayWait => Command is not null && (Command.Flags & CommandFlags.Blocking) != 0;

    /// <summary>Adds readings up under a name of the caller's.</summary>
    public static CommandReading Sum(string name, IReadOnlyCollection<CommandReading> readings) => new()
    {
        Name = name,
        Calls = readings.Sum(each => each.Calls),
        Errors = readings.Sum(each => each.Errors),
        RequestBytes = readings.Sum(each => each.RequestBytes),
        ReplyBytes = readings.Sum(each => each.ReplyBytes),
        Allowed = readings.Sum(each => each.Allowed),
        Denied = readings.Sum(each => each.Denied),
        Throttled = readings.Sum(each => each.Throttled),
        OverQuota = readings.Sum(each => each.OverQuota),
        Delayed = readings.Sum(each => each.Delayed),
        Shadowed = readings.Sum(each => each.Shadowed),
        Added = new LatencyReading(readings.Select(each => each.Added)),
        Upstream = new LatencyReading(readings.Where(each => !each.MayWait).Select(each => each.Upstream)),
    };

    /// <summary>One command on all loops.</summary>
    internal static CommandReading Of(IEnumerable<CommandUsage> loops)
    {
        CommandUsage[] usages = [.. loops];
        CommandSpec? command = usages[0].Command;
        return new CommandReading
        {
            Name = command?.Name.ToLowerInvariant() ?? UnknownName,
            Command = command,
            Calls = usages.Sum(each => Volatile.Read(ref each.Calls)),
            Errors = usages.Sum(each => Volatile.Read(ref each.Errors)),
            RequestBytes = usages.Sum(each => Volatile.Read(ref each.RequestBytes)),
            ReplyBytes = usages.Sum(each => Volatile.Read(ref each.ReplyBytes)),
            Allowed = usages.Sum(each => Volatile.Read(ref each.Allowed)),
            Denied = usages.Sum(each => Volatile.Read(ref each.Denied)),
            Throttled = usages.Sum(each => Volatile.Read(ref each.Throttled)),
            OverQuota = usages.Sum(each => Volatile.Read(ref each.OverQuota)),
            Delayed = usages.Sum(each => Volatile.Read(ref each.Delayed)),
            Shadowed = usages.Sum(each => Volatile.Read(ref each.Shadowed)),
            Added = new LatencyReading(usages.Select(each => each.Added)),
            Upstream = new LatencyReading(usages.Select(each => each.Upstream).OfType<LatencyHistogram>()),
        };
    }
}
