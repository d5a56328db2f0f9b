namespace RespProxy.Configuration.Tests;

/// <summary>Alerts and the nodes' memory, as written.</summary>
public class AlertTests
{
    private static AlertsSnapshot Alerts(string text) => Loading.Valid(Loading.With(text)).Alerts!;

    private static string Receiver(string text) => $"alerts: {{receivers: [{{{text}}}]}}";

    private static string Rule(string text) => $"alerts: {{rules: [{{{text}}}]}}";

    [Theory]
    [InlineData("")]
    [InlineData("alerts:\nnodeMemory:\n")]
    public void Without_a_key_of_theirs_nothing_is_judged_and_no_node_is_asked(string text)
    {
        ProxySnapshot snapshot = Loading.Valid(Loading.With(text));
        Assert.Null(snapshot.Alerts);
        Assert.Null(snapshot.NodeMemory);
        Assert.Null(NodeMemorySnapshot.Of(snapshot));
    }

    [Fact]
    public void Nodes_are_asked_where_that_is_written_or_alerts_go_by_the_answers()
    {
        TimeSpan? Period(string text) => NodeMemorySnapshot.Of(Loading.Valid(Loading.With(text)))?.Period;
        Assert.Equal(TimeSpan.FromSeconds(7), Period("nodeMemory: {period: 7s}"));
        Assert.Equal(TimeSpan.FromSeconds(15), Period("alerts: {interval: 1s}"));
        Assert.Equal(TimeSpan.FromSeconds(7), Period("alerts: {interval: 1s}\nnodeMemory: {period: 7s}"));
        Assert.Null(Period(Rule("name: NodeMemory, enabled: false")));
    }

    [Fact]
    public void All_rules_are_in_force_with_defaults_that_ascend()
    {
        Assert.Equal(AlertRules.Defaults, Alerts("alerts: {interval: 1s}").Rules);
        Assert.Equal(Enum.GetValues<AlertKind>(), AlertRules.Defaults.Select(rule => rule.Kind));
        Assert.All(AlertRules.Defaults, rule =>
        {
            Assert.NotEmpty(rule.Thresholds);
            Assert.Equal(rule.Thresholds.OrderBy(each => each.Level).Select(each => each.Value), rule.Thresholds.Select(each => each.Value).Order());
            Assert.All(rule.Thresholds, each => Assert.Contains(each.Level, AlertRules.Levels));
        });
    }

    [Fact]
    public void A_rule_is_changed_in_what_is_written_of_it_and_off_where_that_is_written()
    {
        AlertsSnapshot alerts = Alerts(Rule("name: NodeMemory, thresholds: {75: 70.5}, for: 30s}, {name: AddedLatency, enabled: false"));
        AlertRuleSnapshot rule = Assert.Single(alerts.Rules, each => each.Kind == AlertKind.NodeMemory);
        Assert.Equal([new(60, 60), new(75, 70.5m), new(85, 85)], rule.Thresholds);
        Assert.Equal(TimeSpan.FromSeconds(30), rule.For);
        Assert.DoesNotContain(alerts.Rules, each => each.Kind == AlertKind.AddedLatency);
        Assert.Equal(AlertRules.Defaults.Length - 1, alerts.Rules.Length);
    }

    [Fact]
    public void A_receiver_has_an_address_headers_and_levels_and_shows_no_secret()
    {
        ProxySnapshot snapshot = Loading.Valid(
            Loading.With(Receiver("name: phone, type: alertmanager, url: {env: PHONE_URL}, levels: [100, 85], timeout: 2s, headers: [{name: X-Key, value: {env: PHONE_KEY}}]")),
            new() { ["PHONE_URL"] = "https://phone.example/hunter2", ["PHONE_KEY"] = "hunter3" });
        AlertReceiverSnapshot receiver = Assert.Single(snapshot.Alerts!.Receivers);
        Assert.Equal(("phone", AlertReceiverType.Alertmanager, new Uri("https://phone.example/hunter2"), TimeSpan.FromSeconds(2)), (receiver.Name, receiver.Type, receiver.Url, receiver.Timeout));
        Assert.Equal([85, 100], receiver.Levels);
        Assert.Equal([("X-Key", "hunter3")], receiver.Headers);
        Assert.DoesNotContain("hunter", $"{receiver} {snapshot.Alerts} {snapshot}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: a, url: \"ftp://hunter2/\"", "alerts.receivers[0].url: is not an http or https address without user and password; those go into headers")]
    [InlineData("name: a, url: \"http://me:hunter2@h/\"", "alerts.receivers[0].url: is not an http or https address without user and password; those go into headers")]
    [InlineData("name: a, url: hunter2", "alerts.receivers[0].url: is not an http or https address without user and password; those go into headers")]
    [InlineData("name: a", "alerts.receivers[0].url: is missing; write where alerts are sent, as http://alertmanager:9093")]
    [InlineData("url: \"http://h/\"", "alerts.receivers[0].name: is missing; write one, as name: chat")]
    [InlineData("name: a b, url: \"http://h/\"", "alerts.receivers[0].name: 'a b' may hold letters, digits, '.', '_' and '-' only")]
    [InlineData("name: a, url: \"http://h/\", type: slack", "alerts.receivers[0].type: 'slack' is not allowed here; allowed: webhook, alertmanager")]
    [InlineData("name: a, url: \"http://h/\", levels: [60, 80]", "alerts.receivers[0].levels[1]: '80' is not a level; allowed: 60, 75, 85, 100")]
    [InlineData("name: a, url: \"http://h/\", levels: []", "alerts.receivers[0].levels: needs at least one element; without the key all levels are meant")]
    [InlineData("name: a, url: \"http://h/\", timeout: 1h", "alerts.receivers[0].timeout: '1h' is out of range; from 100ms to 1m")]
    [InlineData("name: a, url: \"http://h/\", headers: [{name: \"a b\", value: hunter2}]", "alerts.receivers[0].headers[0].name: 'a b' is not the name of a header")]
    [InlineData("name: a, url: \"http://h/\", headers: [{name: Content-Type, value: hunter2}]", "alerts.receivers[0].headers[0].name: 'Content-Type' is set by the request itself")]
    [InlineData("name: a, url: \"http://h/\", headers: [{name: b, value: \"hunter2\\n\"}]", "alerts.receivers[0].headers[0].value: must be one line of printable ASCII characters")]
    [InlineData("name: a, url: \"http://h/\", headers: [{name: b}]", "alerts.receivers[0].headers[0].value: is missing; write the header's text, {env: NAME} or {file: PATH}")]
    [InlineData("name: a, url: \"http://h/\"}, {name: a, url: \"http://h/\"", "alerts.receivers[1].name: 'a' is the name of alerts.receivers[0] too; names must be unique")]
    public void A_wrong_receiver_is_told_without_its_secrets(string text, string error)
    {
        string told = Assert.Single(Loading.Errors(Loading.With(Receiver(text))));
        Assert.EndsWith(error, told, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: NodeMemry", "alerts.rules[0].name: there is no rule 'NodeMemry'; did you mean 'NodeMemory'?")]
    [InlineData("name: \"1\"", "alerts.rules[0].name: there is no rule '1'; allowed: TenantMemory, ")]
    [InlineData("for: 1s", "alerts.rules[0].name: is missing; write which rule is meant, as name: NodeMemory")]
    [InlineData("name: NotReady, thresholds: {85: 1}", "alerts.rules[0].thresholds: has no meaning here: this is so, or it is not")]
    [InlineData("name: NodeMemory, thresholds: {100: 100}", "alerts.rules[0].thresholds.100: the rule has no such level; it has 60, 75, 85")]
    [InlineData("name: NodeMemory, thresholds: {75: 60}", "alerts.rules[0].thresholds.75: must be more than that of level 60")]
    [InlineData("name: NodeMemory, thresholds: {60: 5}", "alerts.rules[0].thresholds.60: '5' is not a number from 10 to 100, with two decimals at most")]
    [InlineData("name: NodeMemory, thresholds: {70: 70}", "alerts.rules[0].thresholds: unknown key '70'")]
    [InlineData("name: NodeMemory}, {name: NodeMemory", "alerts.rules[1].name: 'NodeMemory' is written twice; remove one")]
    public void A_wrong_rule_is_told(string text, string error) =>
        Assert.Contains(error, Assert.Single(Loading.Errors(Loading.With(Rule(text)))), StringComparison.Ordinal);

    [Theory]
    [InlineData("alerts: {interval: 10ms}", "alerts.interval: '10ms' is out of range; from 100ms to 1h")]
    [InlineData("alerts: {window: 2h}", "alerts.window: '2h' is out of range; from 100ms to 1h")]
    [InlineData("alerts: {source: \"a b\"}", "alerts.source: 'a b' may hold letters, digits, '.', '_' and '-' only")]
    [InlineData("nodeMemory: {period: 10ms}", "nodeMemory.period: '10ms' is out of range; from 100ms to 1h")]
    public void A_wrong_time_or_name_is_told(string text, string error) =>
        Assert.EndsWith(error, Assert.Single(Loading.Errors(Loading.With(text))), StringComparison.Ordinal);
}
