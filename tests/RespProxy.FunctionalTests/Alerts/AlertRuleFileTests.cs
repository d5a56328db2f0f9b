using System.Globalization;
using System.Text.RegularExpressions;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;
using RespProxy.Control.Reload;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Alerts;

/// <summary>The Prometheus rules beside the program: good ones, about metrics that there are, the same as the proxy's own, and each in the guide.</summary>
public partial class AlertRuleFileTests
{
    private const string Folder = "config/prometheus/";

    /// <summary>What only somebody outside can see.</summary>
    private const string ByPrometheusOnly = "RespProxyDown";

    private static readonly string Rules = File.ReadAllText(OtherPrograms.PathOf(Folder + "respproxy.rules.yml"));

    private static readonly string Guide = File.ReadAllText(OtherPrograms.PathOf("docs/operations/alerts.md"));

    private static IEnumerable<(string Alert, string Level, string Expression)> Alerts => AlertRule().Matches(Rules)
        .Select(match => (match.Groups["name"].Value, match.Groups["level"].Value, match.Groups["expression"].Value));

    [Theory]
    [InlineData("promtool", "check", "rules", "respproxy.rules.yml")]
    [InlineData("promtool", "test", "rules", "respproxy.rules.test.yml")]
    [InlineData("promtool", "check", "config", "prometheus.yml")]
    [InlineData("amtool", "check-config", "alertmanager.yml")]
    public async Task Their_own_tools_find_nothing_wrong(string program, params string[] arguments)
    {
        (int exitCode, string output) = await OtherPrograms.RunAsync(program, [.. arguments[..^1], OtherPrograms.PathOf(Folder + arguments[^1])]);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void Rules_levels_and_thresholds_are_those_of_the_proxy_itself()
    {
        IEnumerable<string> own = AlertRules.Defaults.SelectMany(rule => rule.Thresholds.Select(each => $"RespProxy{rule.Kind} {each.Level}"));
        Assert.Equal(own.Order(), Alerts.Where(each => each.Alert != ByPrometheusOnly).Select(each => $"{each.Alert} {each.Level}").Order());
        foreach (AlertRuleSnapshot rule in AlertRules.Defaults.Where(rule => AlertRules.UnitOf(rule.Kind) != AlertUnit.Fact))
        {
            foreach (AlertThreshold threshold in rule.Thresholds)
            {
                string expression = Alerts.Single(each => each.Alert == $"RespProxy{rule.Kind}" && each.Level == $"{threshold.Level}").Expression;
                Assert.Matches(string.Create(CultureInfo.InvariantCulture, $@">= {threshold.Value}(\s|$)"), expression);
            }
        }
    }

    [Fact]
    public void Every_alert_is_in_the_guide_with_its_levels_and_what_to_do_and_the_guide_has_no_other()
    {
        string[] names = [.. Alerts.Select(each => each.Alert).Distinct()];
        Dictionary<string, string> sections = GuideSection().Matches(Guide).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        Assert.Equal(names.Order(), sections.Keys.Order());
        Assert.All(sections, section => Assert.All(["Means: ", "Do: ", "Silence: "], part => Assert.Contains($"\n- {part}", section.Value, StringComparison.Ordinal)));
        foreach (AlertRuleSnapshot rule in AlertRules.Defaults)
        {
            bool isFact = AlertRules.UnitOf(rule.Kind) == AlertUnit.Fact;
            foreach (AlertThreshold threshold in rule.Thresholds)
                Assert.Matches(string.Create(CultureInfo.InvariantCulture, $@"[ :]{(isFact ? threshold.Level : threshold.Value)}\b"), sections[$"RespProxy{rule.Kind}"]);
        }

        Assert.All(Alerts, each => Assert.Contains($"#{each.Alert.ToLowerInvariant()}", Rules, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_key_of_alerts_is_in_the_guide()
    {
        foreach (string key in (string[])["interval", "window", "resolveAfter", "repeat", "source", "runbook", "receivers[].name", "receivers[].type", "receivers[].url", "receivers[].headers", "receivers[].levels",
            "receivers[].timeout", "rules[].name", "rules[].enabled", "rules[].thresholds", "rules[].for"])
            Assert.Contains($"`alerts.{key}`", Guide, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_metric_they_name_is_in_a_scrape()
    {
        FakeNode member = null!;
        await using FakeNode cluster = member = Scene.ClusterNode(() => Wire.ClusterSlots((0, 16383, member)), request => FakeAnswer.Send(request.Command == "INFO"
            ? Wire.Bulk("used_memory:60\r\nmaxmemory:100\r\n")
            : Wire.Bulk("value")));
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [(cluster.Host, cluster.Port)], configuration => configuration with
        {
            NodeMemory = new NodeMemorySnapshot(),
            Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Quota = new QuotaSnapshot { Peak = 100 }, Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Rate = 100, Burst = 100 }] } })],
        });
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("GET", "a");
        await Eventually.HoldsAsync("the node has told its memory", () => !proxy.Server.ReadCounters().Upstreams[0].Nodes.IsEmpty);

        string scrape = PrometheusText.Format(ProxyMetrics.Collect(proxy.Server, new UsageMetrics(), new ReloadReading(1, DateTimeOffset.UnixEpoch, 0, []), "1.2.3"));
        string[] named = [.. MetricName().Matches(Comment().Replace(Rules, "")).Select(match => match.Value).Distinct()];
        Assert.InRange(named.Length, 15, 100);
        Assert.All(named, name => Assert.Matches($@"(?m)^{name}(\{{| )", scrape));
    }

    [GeneratedRegex(@"- alert: (?<name>\w+)\n +expr: >-\n(?<expression>(?: {10}.+\n)+)(?: +for: \w+\n)? +keep_firing_for: \w+\n +labels: \{level: ""(?<level>\d+)""\}")]
    private static partial Regex AlertRule();

    [GeneratedRegex(@"^### (RespProxy\w+)\n((?:(?!^#).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex GuideSection();

    [GeneratedRegex(@"\brespproxy_\w+")]
    private static partial Regex MetricName();

    [GeneratedRegex("^ *#.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
