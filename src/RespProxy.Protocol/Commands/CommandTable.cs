using RespProxy.Protocol.Commands.Rows;

namespace RespProxy.Protocol.Commands;

/// <summary>
/// Every command of Redis and Valkey, of their common modules, and of the proxy itself, with the proxy's rules for it. The rows are under Rows/, one file for each of
/// Redis's groups. What is not in the table is refused. Immutable; safe for any thread.
/// </summary>
public static class CommandTable
{
    private static readonly CommandSpec[] Rows = Number(
    [
        .. StringRows.All, .. HashRows.All, .. ListRows.All, .. SetRows.All, .. SortedSetRows.All, .. GenericRows.All,
        .. BitmapRows.All, .. HyperLogLogRows.All, .. GeoRows.All, .. StreamRows.All,
        .. TransactionRows.All, .. PubSubRows.All, .. ScriptingRows.All,
        .. ConnectionRows.All, .. ServerRows.All, .. ClusterRows.All, .. SentinelRows.All, .. ModuleRows.All, .. ProxyRows.All,
    ]);

    private static readonly CommandNames Commands = Link(Rows);

    /// <summary>All rows, containers before their subcommands; a row's <see cref="CommandSpec.Index"/> is its place here.</summary>
    public static IReadOnlyList<CommandSpec> All => Rows;

    /// <summary>
    /// The row of a command by its name in any letter case, or null when no Redis has it. For a container this is the
    /// container's own row. Allocation-free.
    /// </summary>
    public static CommandSpec? Find(ReadOnlySpan<byte> name) => Commands.Find(name);

    /// <summary>The row of a container's subcommand, or null (also when the command is no container). Allocation-free.</summary>
    public static CommandSpec? FindSubcommand(CommandSpec container, ReadOnlySpan<byte> subcommand) =>
        container.Subcommands?.Find(subcommand);

    private static CommandSpec[] Number(CommandSpec[] rows)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i].Index = i;
            rows[i].Categories = CategoryRules.Of(rows[i]);
        }

        return rows;
    }

    /// <summary>Gives every container its subcommands and returns the names of the first level.</summary>
    private static CommandNames Link(CommandSpec[] rows)
    {
        ILookup<string, CommandSpec> subcommands = rows.Where(IsSubcommand).ToLookup(row => row.Name[..row.Name.IndexOf('|')]);
        CommandSpec[] commands = [.. rows.Where(row => !IsSubcommand(row))];
        foreach (CommandSpec command in commands)
        {
            if (subcommands.Contains(command.Name))
                command.Subcommands = new CommandNames([.. subcommands[command.Name].Select(row => (row.Name[(command.Name.Length + 1)..], row))]);
        }

        return new CommandNames([.. commands.Select(row => (row.Name, row))]);
    }

    private static bool IsSubcommand(CommandSpec row) => row.Name.Contains('|');
}
