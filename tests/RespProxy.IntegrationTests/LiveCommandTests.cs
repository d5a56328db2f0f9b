using RespProxy.LocalCluster;
using RespProxy.Protocol.Commands;

namespace RespProxy.IntegrationTests;

/// <summary>The command table against what a running redis-server says of itself.</summary>
public sealed class LiveCommandTests(Servers servers)
{
    /// <summary>The table has the newest arity; 7.0 takes fewer or more arguments and answers a wrong number of them itself.</summary>
    private static readonly string[] OtherArity = ["ZRANK", "ZREVRANK", "COMMAND|GETKEYS", "COMMAND|GETKEYSANDFLAGS"];

    /// <summary>Redis names the channel as a key; the table has it as a channel.</summary>
    private static readonly string[] ChannelAsKey = ["SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE"];

    /// <summary>In @blocking since Redis 7.2.</summary>
    private const string NewlyBlocking = "WAIT";

    [Fact]
    public async Task Every_command_that_a_live_server_knows_has_a_row_that_agrees_with_it()
    {
        var differences = new List<string>();
        int compared = 0;
        foreach (RedisReply command in Flatten((await servers.Standalone.CommandAsync("COMMAND")).Items))
        {
            compared++;
            string name = command.Items[0].Text.ToUpperInvariant();
            CommandSpec? spec = CommandTable.All.SingleOrDefault(row => row.Name == name);
            if (spec is null)
            {
                differences.Add(name + " has no row");
                continue;
            }

            long arity = command.Items[1].Integer;
            if (spec.Arity != arity && !OtherArity.Contains(name)) differences.Add($"{name}: arity {spec.Arity}, live {arity}");
            string[] flags = [.. command.Items[2].Items.Select(flag => flag.Text)];
            if (spec.IsWrite != flags.Contains("write")) differences.Add($"{name}: write flag differs");
            if (spec.IsReadOnly != flags.Contains("readonly")) differences.Add($"{name}: readonly flag differs");
            bool hasKeys = command.Items[3].Integer > 0 || flags.Contains("movablekeys");
            if (hasKeys != (spec.Keys.Shape != KeyShape.None) && !ChannelAsKey.Contains(name)) differences.Add($"{name}: live says {(hasKeys ? "keys" : "no keys")}");
        }

        Assert.True(compared > 300, $"only {compared} commands were compared");
        Assert.Empty(differences);
    }

    [Fact]
    public async Task Every_command_is_in_the_categories_that_a_live_server_puts_it_in()
    {
        var differences = new List<string>();
        int compared = 0;
        foreach (RedisReply command in Flatten((await servers.Standalone.CommandAsync("COMMAND")).Items))
        {
            compared++;
            string name = command.Items[0].Text.ToUpperInvariant();
            CommandSpec spec = CommandTable.All.Single(row => row.Name == name);
            string live = string.Join(' ', command.Items[6].Items.Select(category => category.Text).Order(StringComparer.Ordinal));
            // @scan is the proxy's own.
            string own = string.Join(' ', CategoriesOf(spec).Where(category => category != "@scan").Order(StringComparer.Ordinal));
            if (own != live && name != NewlyBlocking) differences.Add($"{name}: {own}, live {live}");
        }

        Assert.True(compared > 300, $"only {compared} commands were compared");
        Assert.Empty(differences);
    }

    [Fact]
    public async Task Every_category_of_a_live_server_names_commands()
    {
        foreach (RedisReply category in (await servers.Standalone.CommandAsync("ACL", "CAT")).Items)
            Assert.NotEmpty(CommandSelector.Find("@" + category.Text));
    }

    [Fact]
    public void A_command_that_is_routed_has_keys_to_be_routed_by()
    {
        Assert.DoesNotContain(CommandTable.All, spec => spec.Refusal == Refusal.None
            && spec.Route is RouteRule.Keyed or RouteRule.SplitSum or RouteRule.SplitArray or RouteRule.SplitOk or RouteRule.Blocking
            && spec.Keys.Shape == KeyShape.None);
    }

    private static IEnumerable<string> CategoriesOf(CommandSpec spec) =>
        CommandSelector.Categories.Where(category => category != "@all" && CommandSelector.Find(category).Contains(spec));

    private static IEnumerable<RedisReply> Flatten(IEnumerable<RedisReply> commands) =>
        commands.SelectMany(command => command.Items.Count > 9 ? Flatten(command.Items[9].Items).Prepend(command) : [command]);
}
