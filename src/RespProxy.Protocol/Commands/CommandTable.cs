namespace RespProxy.Protocol.Commands;

/// <summary>Every command of Redis and Valkey with the proxy's rules for it.</summary>
public static class CommandTable
{
    /// <summary>All rows, containers before their subcommands.</summary>
    public static IReadOnlyList<CommandSpec> All => throw new NotImplementedException();

    /// <summary>
    /// The row of a command by its name in any letter case, or null when no Redis has it. For a container this is the
    /// container's own row. Allocation-free.
    /// </summary>
    public static CommandSpec? Find(ReadOnlySpan<byte> name) => throw new NotImplementedException();

    /// <summary>The row of a container's subcommand, or null. Allocation-free.</summary>
    public static CommandSpec? FindSubcommand(CommandSpec container, ReadOnlySpan<byte> subcommand) => throw new NotImplementedException();
}
