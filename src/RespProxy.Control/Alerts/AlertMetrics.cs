using RespProxy.Configuration;
using RespProxy.Control.Metrics;

namespace RespProxy.Control.Alerts;

/// <summary>What the alerts tell of themselves.</summary>
internal static class AlertMetrics
{
    /// <summary>A series for each level of each rule, 0 where nothing fires: a series that comes and goes is hard to watch.</summary>
    public static IEnumerable<MetricFamily> From(AlertsSnapshot alerts, IReadOnlyList<AlertNotice> firing, IReadOnlyList<AlertReceiver> receivers)
    {
        MetricFamily family = MetricFamily.Gauge("respproxy_alerts_firing", "Alerts of the proxy's own that fire now, by rule and level.");
        foreach (AlertRuleSnapshot rule in alerts.Rules)
        {
            foreach (AlertThreshold threshold in rule.Thresholds)
            {
                family.Add(
                    firing.Count(notice => (notice.Key.Kind, notice.Key.Level) == (rule.Kind, threshold.Level)),
                    new MetricLabel("alert", AlertText.NameOf(rule.Kind)),
                    new MetricLabel("level", PrometheusText.Number(threshold.Level)));
            }
        }

        return
        [
            family,
            Of("sent_total", "Alerts that the receiver has taken: fired, repeated and ended ones.", receiver => receiver.Sent),
            Of("failed_total", "Requests to the receiver that failed.", receiver => receiver.Failed),
            Of("dropped_total", "Alerts that the receiver refused, or that had no room while it did not answer.", receiver => receiver.Dropped),
        ];

        MetricFamily Of(string name, string help, Func<AlertReceiver, long> value)
        {
            MetricFamily counter = MetricFamily.Counter($"respproxy_alert_notifications_{name}", help);
            foreach (AlertReceiver receiver in receivers) counter.Add(value(receiver), new MetricLabel("receiver", receiver.Name));
            return counter;
        }
    }
}
