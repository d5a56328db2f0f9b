using System.Text.RegularExpressions;

namespace RespProxy.Tests.Metrics;

/// <summary>The operators' guide and a scrape name the same metrics.</summary>
[Collection<MetricsCollection>]
public sealed partial class MetricsGuideTests(MetricsScene scene)
{
    private static readonly string Guides = Path.Combine(AppContext.BaseDirectory, "docs", "operations");

    [Fact]
    public async Task Every_family_of_a_scrape_is_in_a_guide_with_its_type_and_labels()
    {
        Dictionary<string, string> documented = Rows().ToDictionary(row => row.Name, row => $"{row.Type} {row.Labels}");
        string[] elsewhere = [.. Directory.EnumerateFiles(Guides, "*.md").SelectMany(file => Mention().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value)];

        IEnumerable<string> told = (await scene.FamiliesAsync()).Select(family =>
            $"{family.Key}: {family.Value.Type} {string.Join(',', family.Value.Labels.Where(label => label != "le").Order(StringComparer.Ordinal))}");

        // A part that has a guide of its own may tell of its metrics there.
        Assert.Equal([], told.Where(family => documented.TryGetValue(family.Split(':')[0], out string? row) ? family != $"{family.Split(':')[0]}: {row}" : !elsewhere.Contains(family.Split(':')[0])));
    }

    [Fact]
    public async Task Every_metric_of_the_guide_is_in_a_scrape_of_a_proxy_that_uses_everything()
    {
        IReadOnlyDictionary<string, (string, IReadOnlySet<string>, int)> families = await scene.FamiliesAsync();

        Assert.NotEmpty(Rows());
        Assert.Equal([], Rows().Select(row => row.Name).Where(name => !families.ContainsKey(name)));
    }

    /// <summary>Rows of tables: | `name` | type | `label`, `label` | ...</summary>
    private static IEnumerable<(string Name, string Type, string Labels)> Rows() =>
        from Match row in Row().Matches(File.ReadAllText(Path.Combine(Guides, "metrics.md")))
        let labels = Label().Matches(row.Groups[3].Value).Select(label => label.Groups[1].Value).Order(StringComparer.Ordinal)
        select (row.Groups[1].Value, row.Groups[2].Value, string.Join(',', labels));

    [GeneratedRegex(@"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\| `([a-z_]+)", RegexOptions.Multiline)]
    private static partial Regex Mention();
}
