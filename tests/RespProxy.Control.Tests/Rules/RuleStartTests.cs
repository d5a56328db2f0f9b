using RespProxy.Control.Rules;

namespace RespProxy.Control.Tests.Rules;

public sealed class RuleStartTests : IDisposable
{
    private readonly RuleScene _scene = new();

    public RuleStartTests() => _scene.KeepOnDisk(keep: 4);

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task What_was_in_force_is_in_force_again_after_a_restart_with_its_number_and_its_history()
    {
        RuleVersion before = await RunAsync(RuleScene.Databases(2), RuleScene.Databases(3));

        await using LiveRules rules = await _scene.StartAsync();

        RuleVersion now = rules.Sets.Reading.InForce;
        Assert.Equal((before.Number, before.Checksum, before.Author, before.Comment, before.Origin), (now.Number, now.Checksum, now.Author, now.Comment, now.Origin));
        Assert.Equal(before.At, now.At, TimeSpan.FromMilliseconds(1));
        Assert.Equal((3, 3), (now.Number, _scene.RunningDatabases));
        Assert.Equal([1, 2, 3], rules.Sets.History.Select(version => version.Number));
    }

    [Fact]
    public async Task A_restart_with_the_same_file_makes_no_new_version()
    {
        await RunAsync();
        await RunAsync();
        await using LiveRules rules = await _scene.StartAsync();
        Assert.Equal(1, rules.Sets.Reading.InForce.Number);
        Assert.Single(Files());
    }

    [Fact]
    public async Task A_file_whose_tenants_have_changed_since_is_the_latest_word()
    {
        await RunAsync(RuleScene.Databases(2));
        _scene.FileTenants = RuleScene.Databases(7);

        await using LiveRules rules = await _scene.StartAsync();

        Assert.Equal((3, RuleOrigin.File, 7), (rules.Sets.Reading.InForce.Number, rules.Sets.Reading.InForce.Origin, _scene.RunningDatabases));
        Assert.Contains("have changed since", _scene.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("tenants: [{name: shop}]")]
    [InlineData("# respproxy rule set \n")]
    [InlineData("# respproxy rule set {}\ntenants: []")]
    [InlineData("# respproxy rule set []\ntenants: []")]
    [InlineData("# respproxy rule set {\"number\":\n")]
    [InlineData("# respproxy rule set {\"number\":3,\"checksum\":3,\"author\":1}\n\uFFFD")]
    public async Task A_damaged_version_is_passed_over_told_and_its_number_not_given_again(string content)
    {
        await RunAsync(RuleScene.Databases(2), RuleScene.Databases(3));
        await File.WriteAllTextAsync(Files()[^1], content);

        await using LiveRules rules = await _scene.StartAsync();

        Assert.Equal((2, 2), (rules.Sets.Reading.InForce.Number, _scene.RunningDatabases));
        Assert.Contains($"6121 Rules: {Files()[^1]} is passed over", _scene.Log, StringComparison.Ordinal);
        await RuleScene.PutAsync(rules, RuleScene.Databases(5));
        Assert.Equal(4, rules.Sets.Reading.InForce.Number);
    }

    [Fact]
    public async Task A_version_of_which_a_byte_was_changed_is_not_used()
    {
        await RunAsync(RuleScene.Databases(2), RuleScene.Databases(3));
        await File.WriteAllTextAsync(Files()[^1], (await File.ReadAllTextAsync(Files()[^1])).Replace("databases: 3", "databases: 9", StringComparison.Ordinal));
        await using LiveRules rules = await _scene.StartAsync();
        Assert.Equal(2, _scene.RunningDatabases);
    }

    [Fact]
    public async Task A_directory_that_is_none_stops_neither_the_start_nor_a_change()
    {
        Directory.Delete(_scene.Directory);
        await File.WriteAllTextAsync(_scene.Directory, "a file");
        try
        {
            await using LiveRules rules = await _scene.StartAsync();
            Assert.True((await RuleScene.PutAsync(rules, RuleScene.Databases(3))).IsGood);
            Assert.Equal((3, 2), (_scene.RunningDatabases, rules.Sets.Reading.StoreFailures));
            Assert.Contains("could not be written to disk", _scene.Log, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(_scene.Directory);
        }
    }

    [Fact]
    public async Task A_version_that_cannot_be_used_any_more_gives_way_to_the_file_until_it_can_be_again()
    {
        _scene.Environment["SHOP"] = "x";
        await RunAsync("tenants: [{name: shop, databases: 9, passwords: [{env: SHOP}]}]");
        _scene.Environment.Clear();

        await using (LiveRules rules = await _scene.StartAsync())
        {
            Assert.Equal((RuleOrigin.File, 16), (rules.Sets.Reading.InForce.Origin, _scene.RunningDatabases));
            Assert.Contains("environment variable 'SHOP' is not set", Assert.Single(rules.Sets.Reading.Errors), StringComparison.Ordinal);
        }

        _scene.Environment["SHOP"] = "x";
        await using LiveRules again = await _scene.StartAsync();
        Assert.Equal((2, 9), (again.Sets.Reading.InForce.Number, _scene.RunningDatabases));
    }

    [Fact]
    public async Task Only_the_owner_reads_what_is_kept_and_no_more_is_kept_than_wanted()
    {
        await RunAsync([.. Enumerable.Range(2, 8).Select(RuleScene.Databases)]);

        Assert.Equal(["rules-0000000006.yaml", "rules-0000000007.yaml", "rules-0000000008.yaml", "rules-0000000009.yaml"], Files().Select(Path.GetFileName));
        Assert.Equal(4, Directory.GetFileSystemEntries(_scene.Directory).Length);
        if (OperatingSystem.IsWindows()) return;
        foreach (string file in Files()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    /// <summary>A proxy's life in which these are put.</summary>
    private async Task<RuleVersion> RunAsync(params string[] texts)
    {
        await using LiveRules rules = await _scene.StartAsync();
        foreach (string text in texts) Assert.True((await RuleScene.PutAsync(rules, text)).IsGood);
        return rules.Sets.Reading.InForce;
    }

    private string[] Files() => [.. Directory.GetFiles(_scene.Directory).Order(StringComparer.Ordinal)];
}
