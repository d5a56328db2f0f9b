namespace RespProxy.Protocol.Commands;

/// <summary>
/// Everything the proxy knows of one command or subcommand: a row of <see cref="CommandTable"/>. Immutable.
/// </summary>
public sealed class CommandSpec
{
    /// <summary>Upper case; a subcommand is <c>CONTAINER|SUB</c>, as Redis writes it.</summary>
    public required string Name { get; init; }

    /// <summary>Redis's arity: n arguments exactly, the name included; -n: at least n.</summary>
    public required int Arity { get; init; }

    public required string Group { get; init; }

    public required CommandFlags Flags { get; init; }

    /// <summary>Where the keys are among the arguments.</summary>
    public required KeySpec Keys { get; init; }

    public required RouteRule Route { get; init; }

    public required ReplyRule Reply { get; init; }

    /// <summary>The answerer of a <see cref="RouteRule.Local"/> command.</summary>
    public LocalCommand Local { get; init; }

    public Refusal Refusal { get; init; }

    /// <summary>One sentence for docs/commands.md: why it is refused, or what is special about it. May be null.</summary>
    public string? Note { get; init; }

    /// <summary>True for CLIENT, OBJECT, XINFO ...: the second argument chooses the row.</summary>
    public bool IsContainer { get; internal set; }

    /// <summary>Dense number of the row, for counters.</summary>
    public int Index { get; internal set; }

    public bool IsWrite => (Flags & CommandFlags.Write) != 0;

    /// <summary>Reads only: may be sent again when its connection was lost, since running it twice changes nothing.</summary>
    public bool IsReadOnly => (Flags & CommandFlags.ReadOnly) != 0;

    public bool AcceptsArgumentCount(int count) => Arity >= 0 ? count == Arity : count >= -Arity;
}
