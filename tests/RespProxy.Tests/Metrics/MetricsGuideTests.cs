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
        Dictionary<string, string> documented = Rows("*.md").ToDictionary(row => row.Name, row => $"{row.Type} {row.Labels}");

        IEnumerable<string> told = (await scene.FamiliesAsync()).Select(family =>
            $"{family.Key}: {family.Value.Type} {string.Join(',', family.Value.Labels.Where(label => label != "le").Order(StringComparer.Ordinal))}");

        Assert.Equal([], told.Where(family => !documented.TryGetValue(family.Split(':')[0], out string? row) || family != $"{family.Split(':')[0]}: {row}"));
    }

    [Fact]
    public async Task Every_metric_of_the_guide_is_in_a_scrape_of_a_proxy_that_uses_everything()
    {
        IReadOnlyDictionary<string, (string, IReadOnlySet<string>, int)> families = await scene.FamiliesAsync();

        Assert.NotEmpty(Rows("metrics.md"));
        Assert.Equal([], Rows("metrics.md").Select(row => row.Name).Where(name => !families.ContainsKey(name)));
    }

    /// <summary>Rows of tables: | `name` | type | `label`, `label` | ...</summary>
    private static IEnumerable<(string Name, string Type, string Labels)> Rows(string files) =>
        from file in Directory.EnumerateFiles(Guides, files)
        from Match row in Row().Matches(File.ReadAllText(file))
        let labels = Label().Matches(row.Groups[3].Value).Select(label => label.Groups[1].Value).Order(StringComparer.Ordinal)
        select (row.Groups[1].Value, row.Groups[2].Value, string.Join(',', labels));

    [GeneratedRegex(@"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Label();
}
