using RespProxy.Control.Rules;

namespace RespProxy.Control.Tests.Rules;

public sealed class RuleSetsTests : IDisposable
{
    private readonly RuleScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_rule_set_comes_into_force_as_the_next_version_and_says_who_when_and_why()
    {
        await using LiveRules rules = await _scene.StartAsync();
        Assert.Equal((1, RuleOrigin.File), (rules.Sets.Reading.InForce.Number, rules.Sets.Reading.InForce.Origin));

        RuleOutcome outcome = await RuleScene.PutAsync(rules, RuleScene.Databases(3));

        RuleVersion now = rules.Sets.Reading.InForce;
        Assert.Equal((RuleOutcomeKind.Applied, 3), (outcome.Kind, _scene.RunningDatabases));
        Assert.Equal((2, "ada", "why", RuleOrigin.Api), (now.Number, now.Author, now.Comment, now.Origin));
        Assert.Equal((RuleScene.Databases(3), 64), (now.Text, now.Checksum.Length));
        Assert.InRange(now.At, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        Assert.Equal([1, 2], rules.Sets.History.Select(version => version.Number));
    }

    [Fact]
    public async Task A_rule_set_with_an_error_changes_nothing_and_shows_its_reason_until_a_good_one_comes()
    {
        await using LiveRules rules = await _scene.StartAsync();
        await RuleScene.PutAsync(rules, RuleScene.Databases(3));

        RuleOutcome outcome = await RuleScene.PutAsync(rules, "tenants:\n  - {name: shop, databases: 5}\n  - {name: shop, databases: 0}");

        Assert.Equal((RuleOutcomeKind.Refused, 3), (outcome.Kind, _scene.RunningDatabases));
        Assert.Equal(["rule set:3:12: tenants[1].name: 'shop' is the name of tenants[0] too; names must be unique", "rule set:3:29: tenants[1].databases: '0' is not a whole number from 1 to 1024"], outcome.Errors);
        Assert.Equal((2, 1, 2), (rules.Sets.Reading.InForce.Number, rules.Sets.Reading.Failures, rules.Sets.Reading.Errors.Count));
        Assert.Contains("tenants[1].databases: '0' is not", _scene.Log, StringComparison.Ordinal);
        await RuleScene.PutAsync(rules, RuleScene.Databases(4));
        Assert.Equal((3, 1, 0), (rules.Sets.Reading.InForce.Number, rules.Sets.Reading.Failures, rules.Sets.Reading.Errors.Count));
    }

    [Fact]
    public async Task A_check_changes_nothing_and_counts_as_nothing()
    {
        await using LiveRules rules = await _scene.StartAsync();
        Assert.Empty(rules.Check("tenants: [{name: shop, databases: 3}]"u8.ToArray()));
        Assert.NotEmpty(rules.Check("tenants: [{name: shop, databases: 0}]"u8.ToArray()));
        Assert.Equal((1, 0, 16), (rules.Sets.Reading.InForce.Number, rules.Sets.Reading.Failures, _scene.RunningDatabases));
    }

    [Fact]
    public async Task A_million_errors_are_told_as_some()
    {
        await using LiveRules rules = await _scene.StartAsync();
        RuleOutcome outcome = await RuleScene.PutAsync(rules, "tenants:\n" + string.Concat(Enumerable.Repeat("- {}\n", 5000)));
        Assert.Equal((101, "and 4900 errors more"), (outcome.Errors.Count, outcome.Errors[^1]));
    }

    [Fact]
    public async Task The_latest_word_wins_also_when_it_is_the_files()
    {
        await using LiveRules rules = await _scene.StartAsync();
        await RuleScene.PutAsync(rules, RuleScene.Databases(3));

        // The same tenants, written otherwise.
        _scene.FileTenants = "tenants:\n  - name: shop # still\n";
        Assert.Empty(rules.Sets.ReloadFile());
        Assert.Equal((2, 3), (rules.Sets.Reading.InForce.Number, _scene.RunningDatabases));

        _scene.FileTenants = RuleScene.Databases(5);
        Assert.Empty(rules.Sets.ReloadFile());
        Assert.Equal((3, RuleOrigin.File, 5), (rules.Sets.Reading.InForce.Number, rules.Sets.Reading.InForce.Origin, _scene.RunningDatabases));
    }

    [Fact]
    public async Task A_reload_takes_the_new_contents_of_the_secrets_that_the_rule_set_in_force_names()
    {
        string secret = Path.Combine(_scene.Directory, "secret");
        await File.WriteAllTextAsync(secret, "old");
        await using LiveRules rules = await _scene.StartAsync();
        await RuleScene.PutAsync(rules, $"tenants: [{{name: shop, passwords: [{{file: {secret}}}]}}]");
        Assert.True(_scene.Running!.Tenants[0].AcceptsPassword("old"u8));

        await File.WriteAllTextAsync(secret, "new");
        Assert.Empty(rules.Sets.ReloadFile());
        Assert.True(_scene.Running!.Tenants[0].AcceptsPassword("new"u8));
        Assert.Equal(2, rules.Sets.Reading.InForce.Number);
    }

    [Fact]
    public async Task A_file_that_is_wrong_or_needs_a_restart_hinders_no_rule_set()
    {
        await using LiveRules rules = await _scene.StartAsync();
        _scene.Rest += "\nloops: 2";
        Assert.Equal(["loops"], rules.Sets.ReloadFile());
        Assert.Equal(RuleOutcomeKind.Applied, (await RuleScene.PutAsync(rules, RuleScene.Databases(3))).Kind);
        _scene.Rest += "\nloops: 2";
        Assert.Contains("loops: given twice", Assert.Single(rules.Sets.ReloadFile()), StringComparison.Ordinal);
        Assert.Equal(RuleOutcomeKind.Applied, (await RuleScene.PutAsync(rules, RuleScene.Databases(4))).Kind);
        Assert.Equal((1, 4), (_scene.Running!.Loops, _scene.RunningDatabases));
    }

    [Fact]
    public async Task Who_expects_another_version_than_is_in_force_is_refused_and_told_which_is_and_whose()
    {
        await using LiveRules rules = await _scene.StartAsync();
        Assert.True((await RuleScene.PutAsync(rules, RuleScene.Databases(3), expected: 1)).IsGood);

        RuleOutcome late = await RuleScene.PutAsync(rules, RuleScene.Databases(4), expected: 1);

        Assert.Equal((RuleOutcomeKind.Conflict, 3), (late.Kind, _scene.RunningDatabases));
        Assert.StartsWith("version 2 (by ada, ", Assert.Single(late.Errors), StringComparison.Ordinal);
        Assert.Equal(0, rules.Sets.Reading.Failures);
    }

    [Fact]
    public async Task Any_kept_version_can_be_put_in_force_again_as_a_new_one()
    {
        _scene.Rest += "\nrules: {keep: 3}";
        await using LiveRules rules = await _scene.StartAsync();
        foreach (int databases in (int[])[2, 3, 4]) await RuleScene.PutAsync(rules, RuleScene.Databases(databases));
        Assert.Equal([2, 3, 4], rules.Sets.History.Select(version => version.Number));

        RuleOutcome back = await rules.RollBackAsync(2, new RuleAuthor("bob", ""), expected: null, CancellationToken.None);

        Assert.Equal((RuleOutcomeKind.Applied, 2), (back.Kind, _scene.RunningDatabases));
        RuleVersion now = rules.Sets.Reading.InForce;
        Assert.Equal((5, RuleOrigin.Rollback, "bob", "back to version 2"), (now.Number, now.Origin, now.Author, now.Comment));
        Assert.Equal(RuleOutcomeKind.NotFound, (await rules.RollBackAsync(1, default, expected: null, CancellationToken.None)).Kind);
    }

    [Fact]
    public async Task The_same_text_again_is_no_new_version()
    {
        await using LiveRules rules = await _scene.StartAsync();
        await RuleScene.PutAsync(rules, RuleScene.Databases(3));
        RuleOutcome again = await RuleScene.PutAsync(rules, RuleScene.Databases(3));
        Assert.Equal((RuleOutcomeKind.Unchanged, 2), (again.Kind, rules.Sets.Reading.InForce.Number));
    }

    [Fact]
    public async Task A_password_of_the_file_is_in_no_version()
    {
        _scene.FileTenants = "tenants: [{name: shop, passwords: [hunter2]}]";
        _scene.KeepOnDisk();
        await using LiveRules rules = await _scene.StartAsync();
        Assert.True(_scene.Running!.Tenants[0].AcceptsPassword("hunter2"u8));
        Assert.DoesNotContain("hunter2", rules.Sets.Reading.InForce.Text, StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(_scene.Directory), file => Assert.DoesNotContain("hunter2", File.ReadAllText(file), StringComparison.Ordinal));

        // Gone back to, it still lets the same client in.
        await RuleScene.PutAsync(rules, RuleScene.Databases(3));
        Assert.False(_scene.Running!.Tenants[0].AcceptsPassword("hunter2"u8));
        Assert.True((await rules.RollBackAsync(1, default, expected: null, CancellationToken.None)).IsGood);
        Assert.True(_scene.Running!.Tenants[0].AcceptsPassword("hunter2"u8));
    }
}
