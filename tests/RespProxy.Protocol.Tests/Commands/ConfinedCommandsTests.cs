using RespProxy.Protocol.Commands;

namespace RespProxy.Protocol.Tests.Commands;

public sealed class ConfinedCommandsTests
{
    /// <summary>What a tenant's own user may run without naming keys or channels: nothing of it acts on what is not the connection's own.</summary>
    private static readonly string[] Keyless = ["asking", "client|caching", "client|tracking", "discard", "echo", "exec", "multi", "ping", "script|load", "time", "unwatch"];

    [Fact]
    public void Every_command_of_a_tenants_own_user_names_its_keys_or_channels_or_is_listed_here()
    {
        foreach (string name in ConfinedCommands.All)
        {
            CommandSpec? spec = Find(name);
            bool confined = spec is not null && (spec.Keys.Shape != KeyShape.None || spec.Route == RouteRule.Channel);
            Assert.True(confined != Keyless.Contains(name), name);
        }
    }

    [Fact]
    public void Every_row_that_tenants_run_at_the_nodes_is_its_own_users_too()
    {
        foreach (CommandSpec spec in CommandTable.All.Where(spec => spec.Refusal == Refusal.None && spec.Route is not (RouteRule.None or RouteRule.Local or RouteRule.Keyspace)))
            Assert.Contains(spec.Name.ToLowerInvariant(), ConfinedCommands.All);
    }

    [Fact]
    public void Nothing_that_tenants_are_refused_is_their_own_users()
    {
        foreach (CommandSpec spec in CommandTable.All.Where(spec => spec.Refusal != Refusal.None)) Assert.False(ConfinedCommands.Allows(spec), spec.Name);
    }

    [Theory]
    [InlineData("KEYS")]
    [InlineData("SCAN")]
    [InlineData("RANDOMKEY")]
    [InlineData("DBSIZE")]
    [InlineData("FLUSHALL")]
    [InlineData("FLUSHDB")]
    [InlineData("SELECT")]
    [InlineData("SWAPDB")]
    [InlineData("CONFIG|GET")]
    [InlineData("CLIENT|KILL")]
    [InlineData("CLIENT|LIST")]
    [InlineData("CLIENT|UNBLOCK")]
    [InlineData("SUBSCRIBE")]
    [InlineData("PSUBSCRIBE")]
    [InlineData("SCRIPT|FLUSH")]
    [InlineData("SCRIPT|KILL")]
    [InlineData("FUNCTION|LOAD")]
    [InlineData("FUNCTION|LIST")]
    [InlineData("ACL|SETUSER")]
    [InlineData("INFO")]
    [InlineData("PUBSUB|CHANNELS")]
    public void What_an_ACL_pattern_does_not_confine_stays_out(string name) => Assert.DoesNotContain(name.ToLowerInvariant(), ConfinedCommands.All);

    private static CommandSpec? Find(string name) => CommandTable.All.FirstOrDefault(spec => spec.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
