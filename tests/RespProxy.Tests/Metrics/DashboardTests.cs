using System.Text.Json;
using System.Text.RegularExpressions;

namespace RespProxy.Tests.Metrics;

/// <summary>The Grafana dashboards ask for what there is, in expressions that Prometheus understands.</summary>
[Collection<MetricsCollection>]
public sealed partial class DashboardTests(MetricsScene scene)
{
    /// <summary>What Prometheus adds to every scrape.</summary>
    private static readonly string[] TargetLabels = ["instance", "job"];

    public static TheoryData<string> Dashboards => ["fleet", "tenant", "cluster"];

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task Every_metric_and_label_of_a_dashboard_is_in_a_scrape(string dashboard)
    {
        IReadOnlyDictionary<string, (string Type, IReadOnlySet<string> Labels, int)> families = await scene.FamiliesAsync();
        foreach (string expression in Expressions(dashboard))
        {
            string[] metrics = [.. Metric().Matches(expression).Select(match => FamilyOf(match.Value, families)).Distinct()];
            Assert.NotEmpty(metrics);
            Assert.Equal([], metrics.Where(metric => !families.ContainsKey(metric)));
            foreach (Match selector in Selector().Matches(expression))
            {
                IReadOnlySet<string> own = families[FamilyOf(selector.Groups[1].Value, families)].Labels;
                Assert.Equal([], LabelOfSelector().Matches(selector.Groups[2].Value).Select(label => label.Groups[1].Value).Where(label => !own.Contains(label) && !TargetLabels.Contains(label)));
            }

            IEnumerable<string> grouped = Grouping().Matches(expression).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries));
            Assert.Equal([], grouped.Where(label => !TargetLabels.Contains(label) && !metrics.All(metric => families[metric].Labels.Contains(label))));
        }
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task Prometheus_understands_every_expression_of_a_dashboard_and_each_has_an_answer(string dashboard)
    {
        await scene.TrafficAsync();
        await scene.Prometheus.WaitAsync("sum(increase(respproxy_limiter_requests_total{outcome=\"rejected\"}[30s])) > 0 and on () count_over_time(respproxy_near_cache_hits_total[30s]) > 4");
        string[] expressions = [.. Expressions(dashboard)];
        int answered = 0;
        foreach (string expression in expressions) answered += (await scene.Prometheus.QueryAsync(expression)).Count > 0 ? 1 : 0;

        Assert.InRange(expressions.Length, 15, 100);
        Assert.Equal(expressions.Length, answered);
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_dashboard_can_be_provisioned_and_takes_any_prometheus(string dashboard)
    {
        using JsonDocument document = Read(dashboard);
        JsonElement root = document.RootElement;

        Assert.False(root.TryGetProperty("id", out _));
        Assert.Equal($"respproxy-{dashboard}", root.GetProperty("uid").GetString());
        Assert.Contains(root.GetProperty("templating").GetProperty("list").EnumerateArray(), variable => variable.GetProperty("type").GetString() == "datasource" && variable.GetProperty("name").GetString() == "datasource");
        JsonElement[] panels = [.. root.GetProperty("panels").EnumerateArray()];
        Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels.Where(panel => panel.GetProperty("type").GetString() != "row"), panel => Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString()));
    }

    private static JsonDocument Read(string dashboard) => JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "config", "grafana", dashboard + ".json")));

    /// <summary>Of panels, and of variables that ask for labels; with Grafana's own variables as it would write them.</summary>
    private static IEnumerable<string> Expressions(string dashboard)
    {
        using JsonDocument document = Read(dashboard);
        var expressions = new List<string>();
        foreach (JsonElement panel in document.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (panel.TryGetProperty("targets", out JsonElement targets)) expressions.AddRange(targets.EnumerateArray().Select(target => target.GetProperty("expr").GetString()!));
        }

        foreach (JsonElement variable in document.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray())
        {
            if (variable.TryGetProperty("definition", out JsonElement definition)) expressions.Add(LabelValues().Replace(definition.GetString()!, "count by ($2) ($1)"));
        }

        return expressions.Select(expression => GrafanaVariable().Replace(expression.Replace("$__rate_interval", "30s", StringComparison.Ordinal), ".*"));
    }

    private static string FamilyOf(string metric, IReadOnlyDictionary<string, (string Type, IReadOnlySet<string> Labels, int)> families)
    {
        string family = HistogramSuffix().Replace(metric, "");
        return families.TryGetValue(family, out (string Type, IReadOnlySet<string>, int) found) && found.Type == "histogram" ? family : metric;
    }

    [GeneratedRegex(@"\b(respproxy|process|dotnet)_[a-z_]+")]
    private static partial Regex Metric();

    [GeneratedRegex(@"\b((?:respproxy|process|dotnet)_[a-z_]+)\{([^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"([a-z_]+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex LabelOfSelector();

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\$[a-z]+")]
    private static partial Regex GrafanaVariable();

    [GeneratedRegex(@"label_values\(([a-z_]+), ([a-z_]+)\)")]
    private static partial Regex LabelValues();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramSuffix();
}
