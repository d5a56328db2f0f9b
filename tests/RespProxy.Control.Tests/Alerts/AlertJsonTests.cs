using System.Text.Json.Nodes;
using RespProxy.Configuration;
using RespProxy.Control.Alerts;

namespace RespProxy.Control.Tests.Alerts;

/// <summary>What is sent, to the letter: others read it.</summary>
public class AlertJsonTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly AlertJson Json = new("proxy-7", "https://wiki.example/redis", new Uri("http://127.0.0.1:9180/metrics"));

    private static AlertNotice Node(string node, double percent, DateTimeOffset? end = null) => new(new AlertKey(AlertKind.NodeMemory, "main", node, 60), percent, 60m, Start, end);

    private static void AssertJson(string expected, byte[] actual) =>
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(actual)!.ToJsonString());

    [Fact]
    public void An_Alertmanager_gets_labels_annotations_and_both_ends() => AssertJson(
        """
        [{
          "labels": {"alertname": "RespProxyNodeMemory", "level": "60", "upstream": "main", "node": "10.0.0.1:6379", "proxy": "proxy-7"},
          "annotations": {
            "summary": "Node 10.0.0.1:6379 of main uses 62.35 % of its maxmemory (level 60 %)",
            "description": "At its limit the node evicts keys or refuses writes, of all tenants.",
            "action": "Find the tenants that grow, move slots to other nodes, or give the node more memory.",
            "runbook_url": "https://wiki.example/redis#respproxynodememory"
          },
          "startsAt": "2026-01-31T12:00:00.000Z",
          "endsAt": "2026-01-31T12:04:00.000Z",
          "generatorURL": "http://127.0.0.1:9180/metrics"
        }, {
          "labels": {"alertname": "RespProxyNodeMemory", "level": "60", "upstream": "main", "node": "10.0.0.2:6379", "proxy": "proxy-7"},
          "annotations": {
            "summary": "Node 10.0.0.2:6379 of main uses 50 % of its maxmemory (level 60 %)",
            "description": "At its limit the node evicts keys or refuses writes, of all tenants.",
            "action": "Find the tenants that grow, move slots to other nodes, or give the node more memory.",
            "runbook_url": "https://wiki.example/redis#respproxynodememory"
          },
          "startsAt": "2026-01-31T12:00:00.000Z",
          "endsAt": "2026-01-31T12:01:00.000Z",
          "generatorURL": "http://127.0.0.1:9180/metrics"
        }]
        """,
        Json.ForAlertmanager([Node("10.0.0.1:6379", 62.351), Node("10.0.0.2:6379", 50, Start.AddMinutes(1))], firingUntil: Start.AddMinutes(4)));

    [Fact]
    public void A_webhook_gets_what_one_of_Alertmanagers_gets_and_the_value() => AssertJson(
        """
        {
          "version": "4",
          "groupKey": "RespProxyNodeMemory:60",
          "truncatedAlerts": 0,
          "status": "firing",
          "receiver": "chat",
          "groupLabels": {"alertname": "RespProxyNodeMemory", "level": "60"},
          "commonLabels": {"alertname": "RespProxyNodeMemory", "level": "60", "upstream": "main", "node": "n:1", "proxy": "proxy-7"},
          "commonAnnotations": {
            "summary": "Node n:1 of main uses 62.35 % of its maxmemory (level 60 %)",
            "description": "At its limit the node evicts keys or refuses writes, of all tenants.",
            "action": "Find the tenants that grow, move slots to other nodes, or give the node more memory.",
            "runbook_url": "https://wiki.example/redis#respproxynodememory"
          },
          "externalURL": "http://127.0.0.1:9180/metrics",
          "alerts": [{
            "status": "firing",
            "labels": {"alertname": "RespProxyNodeMemory", "level": "60", "upstream": "main", "node": "n:1", "proxy": "proxy-7"},
            "annotations": {
              "summary": "Node n:1 of main uses 62.35 % of its maxmemory (level 60 %)",
              "description": "At its limit the node evicts keys or refuses writes, of all tenants.",
              "action": "Find the tenants that grow, move slots to other nodes, or give the node more memory.",
              "runbook_url": "https://wiki.example/redis#respproxynodememory"
            },
            "startsAt": "2026-01-31T12:00:00.000Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://127.0.0.1:9180/metrics",
            "fingerprint": "FINGERPRINT",
            "value": 62.35
          }]
        }
        """.Replace("FINGERPRINT", Fingerprint(Node("n:1", 1)), StringComparison.Ordinal),
        Json.ForWebhook("chat", [Node("n:1", 62.351)]));

    [Fact]
    public void What_several_alerts_share_is_told_in_common_and_one_that_fires_makes_the_whole_firing()
    {
        JsonNode told = JsonNode.Parse(Json.ForWebhook("chat", [Node("n:1", 50, Start.AddMinutes(1)), Node("n:2", 62)]))!;
        Assert.Equal("firing", (string?)told["status"]);
        Assert.Equal(["resolved", "firing"], told["alerts"]!.AsArray().Select(alert => (string?)alert!["status"]));
        Assert.Equal(["alertname", "level", "upstream", "proxy"], told["commonLabels"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal(["description", "action", "runbook_url"], told["commonAnnotations"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal("resolved", (string?)JsonNode.Parse(Json.ForWebhook("chat", [Node("n:1", 50, Start.AddMinutes(1))]))!["status"]);
    }

    [Fact]
    public void An_alert_has_one_fingerprint_from_its_beginning_to_its_end()
    {
        Assert.Matches("^[0-9a-f]{16}$", Fingerprint(Node("n:1", 62)));
        Assert.Equal(Fingerprint(Node("n:1", 62)), Fingerprint(Node("n:1", 50, Start.AddMinutes(1))));
        Assert.NotEqual(Fingerprint(Node("n:1", 62)), Fingerprint(Node("n:2", 62)));
    }

    [Fact]
    public void Every_rule_says_its_subject_and_value_what_it_means_and_what_to_do()
    {
        foreach (AlertRuleSnapshot rule in AlertRules.Defaults)
        {
            var notice = new AlertNotice(new AlertKey(rule.Kind, "first", "second", 60), 12.34, 11m, Start, null);
            JsonNode alert = JsonNode.Parse(Json.ForAlertmanager([notice], Start))![0]!;
            string summary = (string)alert["annotations"]!["summary"]!;
            string[] labels = AlertText.Of(rule.Kind).Labels;
            if (AlertRules.UnitOf(rule.Kind) != AlertUnit.Fact) Assert.Contains("12.34", summary, StringComparison.Ordinal);
            Assert.Equal(labels.Length > 0, summary.Contains("first", StringComparison.Ordinal));
            Assert.Equal(labels.Length > 1, summary.Contains("second", StringComparison.Ordinal));
            Assert.DoesNotContain('{', summary);
            Assert.Equal(labels.Length + 3, alert["labels"]!.AsObject().Count);
            Assert.All(alert["annotations"]!.AsObject(), pair => Assert.NotEmpty((string)pair.Value!));
        }
    }

    private static string Fingerprint(AlertNotice notice) => (string)JsonNode.Parse(Json.ForWebhook("chat", [notice]))!["alerts"]![0]!["fingerprint"]!;
}
