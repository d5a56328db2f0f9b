using System.Runtime.CompilerServices;
using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Accounting;

/// <summary>
/// What one tenant's clients did on one loop since the start, by command. A command takes room (some 2 KB) with its first call; from then
/// on nothing is allocated. Written by the loop without locks, read by anyone (a moment old, and never back).
/// </summary>
public sealed class TenantUsage
{
    /// <summary>The number, beside those of the table's rows, of all that is in no row.</summary>
    public static readonly int Unknown = CommandTable.All.Count;

    private readonly CommandUsage?[] _commands = new CommandUsage?[CommandTable.All.Count + 1];

    /// <summary>What was sent to clients and answers no command: publications, invalidations, the reason why a connection ends.</summary>
    public long Pushes;

    /// <summary>Bytes of the <see cref="Pushes"/>.</summary>
    public long PushedBytes;

    /// <summary>The usage of a command by its number, <see cref="CommandSpec.Index"/> or <see cref="Unknown"/>. Loop thread only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CommandUsage Of(int command) => _commands[command] ?? Begin(command);

    /// <summary>Commands used so far, in the order of the table.</summary>
    internal IEnumerable<CommandUsage> Commands
    {
        get
        {
            for (int i = 0; i < _commands.Length; i++)
            {
                if (Volatile.Read(ref _commands[i]) is { } usage) yield return usage;
            }
        }
    }

    /// <summary>The usage of a command by its number; null: it has not been used. Any thread.</summary>
    internal CommandUsage? Peek(int command) => Volatile.Read(ref _commands[command]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private CommandUsage Begin(int command)
    {
        var usage = new CommandUsage(command == Unknown ? null : CommandTable.All[command]);
        Volatile.Write(ref _commands[command], usage);
        return usage;
    }
}
