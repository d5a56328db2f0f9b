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

    /// <summary>Redis's group, e.g. <c>string</c>; set when the row is put into its table.</summary>
    public string Group { get; internal set; } = "";

    /// <summary>The group of commands that only an upstream with the module knows.</summary>
    public const string ModuleGroup = "module";

    /// <summary>Not every upstream knows it.</summary>
    public bool IsOfModule => Group == ModuleGroup;

    /// <summary>The group of commands that the proxy has and no Redis.</summary>
    public const string ProxyGroup = "respproxy";

    /// <summary>Every Redis or Valkey of some version knows it: it is neither of a module nor the proxy's own.</summary>
    public bool IsOfRedis => Group is not (ModuleGroup or ProxyGroup);

    public required CommandFlags Flags { get; init; }

    /// <summary>What rules may call the command by besides its name; set when the row is put into its table.</summary>
    public CommandCategories Categories { get; internal set; }

    /// <summary>Where the keys are among the arguments.</summary>
    public required KeySpec Keys
    {
        get;
        init
        {
            field = value;
            HasOneKeyFirst = value is { Shape: KeyShape.Range, First: 1, Last: 1 };
        }
    }

    public required RouteRule Route { get; init; }

    public required ReplyRule Reply { get; init; }

    /// <summary>The answerer of a <see cref="RouteRule.Local"/> command.</summary>
    public LocalCommand Local { get; init; }

    public Refusal Refusal { get; init; }

    /// <summary>One sentence for docs/commands.md: why it is refused, or what is special about it. May be null.</summary>
    public string? Note { get; init; }

    /// <summary>
    /// The reply to a call with one key may be kept until that key changes (near cache): it depends on the key's value and the arguments alone, not on the
    /// time (TTL, OBJECT IDLETIME), chance (SRANDMEMBER) or a cursor (HSCAN), it names no key, and its RESP3 form says the same in RESP2 (no ZSCORE: a
    /// double there, a string here).
    /// </summary>
    public bool IsCacheable { get; init; }

    /// <summary>True for CLIENT, OBJECT, XINFO ...: the second argument chooses the row.</summary>
    public bool IsContainer => Subcommands is not null;

    /// <summary>A container's subcommands by the name after the bar.</summary>
    internal CommandNames? Subcommands { get; set; }

    /// <summary>Argument 1 is the only key: most commands, and the extractor's short cut.</summary>
    public bool HasOneKeyFirst { get; private init; }

    /// <summary>Dense number of the row, for counters.</summary>
    public int Index { get; internal set; }

    /// <summary>Its error replies may be whatever a script says, so they are not to be believed as those of a node are.</summary>
    public bool RunsScript => Route == RouteRule.Script;

    public bool IsWrite => (Flags & CommandFlags.Write) != 0;

    /// <summary>Reads only: may be sent again when its connection was lost, since running it twice changes nothing.</summary>
    public bool IsReadOnly => (Flags & CommandFlags.ReadOnly) != 0;

    public bool AcceptsArgumentCount(int count) => Arity >= 0 ? count == Arity : count >= -Arity;
}
