using System.Text;
using RespProxy.Protocol.Commands;

namespace RespProxy.Protocol.Tests.Commands;

public sealed class CommandTableTests
{
    public static TheoryData<string> Names => [.. CommandFact.All.Select(fact => fact.Name)];

    [Fact]
    public void The_table_has_exactly_the_commands_of_Redis_and_Valkey()
    {
        Assert.Equal(CommandFact.All.Select(fact => fact.Name).Order(StringComparer.Ordinal), CommandTable.All.Where(spec => spec.IsOfRedis).Select(spec => spec.Name).Order(StringComparer.Ordinal));
        Assert.Equal(409, CommandTable.All.Count(spec => spec.IsOfRedis));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_agrees_with_the_facts_on_arity_group_flags_and_keys(string name)
    {
        CommandFact fact = CommandFact.All.Single(candidate => candidate.Name == name);
        CommandSpec spec = Find(name)!;

        Assert.Equal(fact.Arity, spec.Arity);
        Assert.Equal(fact.Group, spec.Group);
        CommandFlags derived = spec.Flags & CommandFlags.MovableKeys;
        Assert.Equal(FlagsOf(fact) | derived, spec.Flags);
        if (fact.Keys is { } keys) Assert.Equal(keys, spec.Keys with { NumKeysRule = default });
        else Assert.Equal(CommandFact.ByShapeOnly[name], spec.Keys.Shape);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_is_in_the_categories_of_the_facts_and_those_that_its_flags_imply(string name)
    {
        CommandFact fact = CommandFact.All.Single(candidate => candidate.Name == name);
        HashSet<string> expected = [.. fact.Categories, fact.Flags.Contains("FAST") ? "FAST" : "SLOW"];
        if (fact.Flags.Contains("WRITE")) expected.Add("WRITE");
        if (fact.Flags.Contains("READONLY") && !fact.Categories.Contains("SCRIPTING")) expected.Add("READ");
        if (fact.Flags.Contains("ADMIN")) expected.UnionWith(["ADMIN", "DANGEROUS"]);
        if (fact.Flags.Contains("PUBSUB")) expected.Add("PUBSUB");
        if (fact.Flags.Contains("BLOCKING")) expected.Add("BLOCKING");
        if (name is "SCAN" or "HSCAN" or "SSCAN" or "ZSCAN" or "KEYS") expected.Add("SCAN");

        IEnumerable<string> actual = CommandSelector.Categories.Where(category => category != "@all" && CommandSelector.Find(category).Contains(Find(name)!));
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Select(category => category[1..].ToUpperInvariant()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("get", "GET")]
    [InlineData("Client|List", "CLIENT|LIST")]
    [InlineData("OBJECT", "OBJECT OBJECT|ENCODING OBJECT|FREQ OBJECT|HELP OBJECT|IDLETIME OBJECT|REFCOUNT")]
    [InlineData("@TRANSACTION", "DISCARD EXEC MULTI UNWATCH WATCH")]
    [InlineData("GETT", "")]
    [InlineData("@none", "")]
    [InlineData("@", "")]
    [InlineData("", "")]
    public void A_selector_names_a_command_a_container_with_its_subcommands_or_a_category(string selector, string names) =>
        Assert.Equal(names, string.Join(' ', CommandSelector.Find(selector).Select(spec => spec.Name).Order(StringComparer.Ordinal)));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_is_found_in_any_letter_case(string name)
    {
        Assert.Equal(name, Find(name)?.Name);
        Assert.Equal(name, Find(name.ToLowerInvariant())?.Name);
        Assert.Equal(name, Find(string.Concat(name.Select((c, i) => i % 2 == 0 ? char.ToLowerInvariant(c) : c)))?.Name);
        Assert.Equal(name, Find(string.Concat(name.Select((c, i) => i % 2 == 1 ? char.ToLowerInvariant(c) : c)))?.Name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_with_one_byte_changed_added_or_lost_is_another_name(string name)
    {
        byte[] whole = Encoding.ASCII.GetBytes(name);
        int from = name.IndexOf('|') + 1;
        CommandSpec? container = from == 0 ? null : Find(name[..(from - 1)]);
        byte[] bytes = whole[from..];
        for (int i = 0; i < bytes.Length; i++)
        {
            byte right = bytes[i];
            for (int wrong = 0; wrong <= 255; wrong++)
            {
                bytes[i] = (byte)wrong;
                if (!char.ToUpperInvariant((char)wrong).Equals((char)right) || wrong > 127) AssertNotThisName(container, bytes, name);
            }

            bytes[i] = right;
        }

        AssertNotThisName(container, [.. bytes, 0], name);
        AssertNotThisName(container, [.. bytes, (byte)' '], name);
        AssertNotThisName(container, [0, .. bytes], name);
        AssertNotThisName(container, bytes[1..], name);
        AssertNotThisName(container, bytes[..^1], name);
        AssertNotThisName(container, [.. bytes, .. bytes], name);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" GET")]
    [InlineData("G")]
    [InlineData("OBJECT|ENCODING")]
    [InlineData("GEORADIUSBYMEMBER_ROX")]
    [InlineData("NO-SUCH-COMMAND-AT-ALL-AND-A-LONG-ONE")]
    public void What_is_no_command_of_the_first_level_is_not_found(string name) =>
        Assert.Null(CommandTable.Find(Encoding.ASCII.GetBytes(name)));

    [Fact]
    public void Containers_come_before_their_subcommands_and_rows_are_numbered_in_order()
    {
        for (int i = 0; i < CommandTable.All.Count; i++)
        {
            CommandSpec spec = CommandTable.All[i];
            Assert.Equal(i, spec.Index);
            int bar = spec.Name.IndexOf('|', StringComparison.Ordinal);
            if (bar < 0) continue;
            CommandSpec container = Find(spec.Name[..bar])!;
            Assert.True(container.IsContainer);
            Assert.True(container.Index < i);
        }
    }

    [Fact]
    public void A_command_that_is_no_container_has_no_subcommands()
    {
        Assert.False(Find("GET")!.IsContainer);
        Assert.Null(CommandTable.FindSubcommand(Find("GET")!, "ENCODING"u8));
        Assert.Null(CommandTable.FindSubcommand(Find("OBJECT")!, "GET"u8));
    }

    [Fact]
    public void Every_row_is_routed_with_keys_or_answered_here_or_refused_with_a_reason_or_a_container()
    {
        foreach (CommandSpec spec in CommandTable.All)
        {
            bool refused = spec.Refusal != Refusal.None;
            switch (spec.Route)
            {
                case RouteRule.None:
                    Assert.True(refused ? !string.IsNullOrEmpty(spec.Note) : spec.IsContainer, spec.Name);
                    break;
                case RouteRule.Local:
                    Assert.False(refused, spec.Name);
                    Assert.NotEqual(LocalCommand.None, spec.Local);
                    break;
                case RouteRule.Keyspace:
                    Assert.False(refused, spec.Name);
                    Assert.Equal(KeyShape.None, spec.Keys.Shape);
                    break;
                case RouteRule.Script:
                    Assert.False(refused, spec.Name);
                    Assert.Equal(spec.Name == "SCRIPT|LOAD", spec.Keys.Shape == KeyShape.None);
                    Assert.Equal(ReplyRule.StripStrings, spec.Reply);
                    break;
                default:
                    Assert.False(refused, spec.Name);
                    Assert.Equal(LocalCommand.None, spec.Local);
                    Assert.Equal(spec.Route == RouteRule.Channel, spec.Keys.Shape == KeyShape.None);
                    break;
            }
        }
    }

    [Fact]
    public void Nothing_administrative_or_without_keys_is_routed()
    {
        foreach (CommandSpec spec in CommandTable.All.Where(spec => spec.Route is not (RouteRule.None or RouteRule.Local or RouteRule.Channel)))
            Assert.True((spec.Flags & (CommandFlags.Admin | CommandFlags.PubSub)) == 0, spec.Name);
    }

    [Theory]
    [InlineData("GET", 1, 1, 1)]
    [InlineData("MSET", 1, -1, 2)]
    [InlineData("BLPOP", 1, -2, 1)]
    [InlineData("BITOP", 2, -1, 1)]
    [InlineData("COPY", 1, 2, 1)]
    [InlineData("SORT", 1, 1, 1)]
    [InlineData("GEORADIUS", 1, 1, 1)]
    [InlineData("MIGRATE", 3, 3, 1)]
    [InlineData("ZUNIONSTORE", 1, 1, 1)]
    [InlineData("ZUNION", 0, 0, 0)]
    [InlineData("XREAD", 0, 0, 0)]
    [InlineData("XREADGROUP", 0, 0, 0)]
    [InlineData("PING", 0, 0, 0)]
    public void First_last_and_step_are_what_the_reply_of_COMMAND_says(string name, int first, int last, int step) =>
        Assert.Equal((first, last, step), Find(name)!.Keys.FirstLastStep);

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        CommandSpec container = Find("OBJECT")!;
        FindAFew(container);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) FindAFew(container);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void FindAFew(CommandSpec container)
    {
        bool found = CommandTable.Find("get"u8) is not null
            & CommandTable.Find("ZRANGEBYSCORE"u8) is not null
            & CommandTable.Find("georadiusbymember_ro"u8) is not null
            & CommandTable.Find("no-such-command"u8) is null
            & CommandTable.FindSubcommand(container, "encoding"u8) is not null;
        if (!found) throw new InvalidOperationException("a lookup went wrong");
    }

    private static void AssertNotThisName(CommandSpec? container, byte[] bytes, string name)
    {
        CommandSpec? spec = container is null ? CommandTable.Find(bytes) : CommandTable.FindSubcommand(container, bytes);
        Assert.NotEqual(name, spec?.Name);
    }

    private static CommandSpec? Find(string name)
    {
        string[] parts = name.Split('|');
        CommandSpec? spec = CommandTable.Find(Encoding.Latin1.GetBytes(parts[0]));
        return parts.Length == 1 || spec is null ? spec : CommandTable.FindSubcommand(spec, Encoding.Latin1.GetBytes(parts[1]));
    }

    private static CommandFlags FlagsOf(CommandFact fact) => fact.Flags.Aggregate(CommandFlags.None, (flags, name) => flags | name switch
    {
        "WRITE" => CommandFlags.Write,
        "READONLY" => CommandFlags.ReadOnly,
        "DENYOOM" => CommandFlags.DenyOom,
        "ADMIN" => CommandFlags.Admin,
        "PUBSUB" => CommandFlags.PubSub,
        "NOSCRIPT" => CommandFlags.NoScript,
        "BLOCKING" => CommandFlags.Blocking,
        "LOADING" => CommandFlags.Loading,
        "STALE" => CommandFlags.Stale,
        "FAST" => CommandFlags.Fast,
        "NO_AUTH" => CommandFlags.NoAuth,
        "NO_MULTI" => CommandFlags.NoMulti,
        "ALLOW_BUSY" => CommandFlags.AllowBusy,
        "MAY_REPLICATE" => CommandFlags.MayReplicate,
        _ => CommandFlags.None,
    });
}
