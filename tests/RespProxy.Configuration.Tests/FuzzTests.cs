using System.Globalization;
using System.Text;

namespace RespProxy.Configuration.Tests;

/// <summary>Whatever the text, loading ends in a snapshot or in errors, never in an exception. Seeds are fixed: a find repeats.</summary>
public class FuzzTests
{
    private static readonly string[] Pieces =
    [
        "upstreams", "listeners", "tenants", "limits", "admin", "log", "name", "seeds", "bind", "passwords", "password", "env", "file", "sha256", "loops",
        ":", ": ", "- ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ", ", "\"", "'", "#", "&a ", "*a", "!t ", "!!int ", "|", ">", "|\n", "%YAML 1.1\n", "---\n", "...\n",
        "? ", "<<", "~", "null", "0", "1", "-1", "9999999999999999999999", "1gb", "5s", "a:1", "unix:///x", "\t", "\r\n", "\0", "\u0085", "\u2028", "\ud83d\ude00", "\ud800", "\\", "\\x", "@", "`", "é",
    ];

    [Fact]
    public void Random_pieces_of_yaml_never_throw()
    {
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder();
            for (int pieces = random.Next(1, 40); pieces > 0; pieces--)
                text.Append(Pieces[random.Next(Pieces.Length)]);
            EndsInSnapshotOrErrors(text.ToString());
        }
    }

    [Fact]
    public void A_valid_file_with_random_damage_never_throws()
    {
        var random = new Random(2);
        string valid = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "config", "respproxy.yaml"));
        valid = string.Join('\n', valid.Split('\n').Where(line => !line.TrimStart().StartsWith('#') && line.Length > 0));
        for (int i = 0; i < 3_000; i++)
        {
            var text = new StringBuilder(valid);
            for (int damages = random.Next(1, 5); damages > 0; damages--)
            {
                int at = random.Next(text.Length);
                text.Remove(at, Math.Min(random.Next(4), text.Length - at));
                text.Insert(at, Pieces[random.Next(Pieces.Length)]);
            }

            EndsInSnapshotOrErrors(text.ToString());
        }
    }

    [Fact]
    public void Random_overrides_never_throw()
    {
        var random = new Random(3);
        string[] segments = ["upstreams", "LISTENERS", "tenants", "0", "1", "99999999999", "shop", "main", "password", "passwords", "seeds", "name", "file", "log", "level", "", "_", "-1", "loops"];
        for (int i = 0; i < 5_000; i++)
        {
            string path = string.Join('.', Enumerable.Range(0, random.Next(1, 6)).Select(_ => segments[random.Next(segments.Length)]));
            ConfigurationResult result = ConfigurationLoader.LoadText(
                i % 2 == 0 ? Loading.Minimal : "",
                new Dictionary<string, string> { ["RESPPROXY_" + path.Replace(".", "__", StringComparison.Ordinal)] = i.ToString(CultureInfo.InvariantCulture) },
                [new ConfigurationOverride(path, Pieces[random.Next(Pieces.Length)], "--set")]);
            Assert.Equal(result.Snapshot is null, result.Errors.Length > 0);
        }
    }

    private static void EndsInSnapshotOrErrors(string yaml)
    {
        try
        {
            ConfigurationResult result = Loading.Load(yaml);
            Assert.Equal(result.Snapshot is null, result.Errors.Length > 0);
            Assert.All(result.Errors, error => Assert.DoesNotContain('\n', error.ToString()));
            if (result.Snapshot is not null) SaysTheSame(yaml, result);
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
        {
            Assert.Fail($"{exception} for {System.Text.Json.JsonSerializer.Serialize(yaml)}");
        }
    }

    /// <summary>What a configuration gives as its tenants is a rule set that means the same.</summary>
    private static void SaysTheSame(string yaml, ConfigurationResult result)
    {
        ConfigurationResult again = Loading.Input(yaml).Load(new RuleSetText(result.OwnTenants!, "own"));
        Assert.Empty(again.Errors);
        Assert.All(result.Snapshot!.Tenants.Zip(again.Snapshot!.Tenants), pair => Assert.True(pair.First.IsSameAs(pair.Second)));
        Assert.Equal(result.OwnTenants, Loading.Load(yaml + "\n# a comment").OwnTenants);
    }
}
