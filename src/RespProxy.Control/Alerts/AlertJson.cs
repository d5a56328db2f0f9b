using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace RespProxy.Control.Alerts;

/// <summary>Alerts as JSON. Holds names of tenants, upstreams, nodes and rates, and numbers: never a key, never a secret. Any thread.</summary>
/// <param name="source">Which proxy says so.</param>
/// <param name="runbook">The guide; an alert's anchor in it is its name in lower case.</param>
/// <param name="generator">Where the numbers can be looked at; null: nowhere.</param>
internal sealed class AlertJson(string source, string runbook, Uri? generator)
{
    /// <summary>What Alertmanager writes for an end that is not known.</summary>
    private const string NoTime = "0001-01-01T00:00:00Z";

    /// <summary>The body of Alertmanager's <c>POST /api/v2/alerts</c>.</summary>
    /// <param name="notices">At least one.</param>
    /// <param name="firingUntil">When Alertmanager is to take an alert that goes on for ended, if it hears no more.</param>
    public byte[] ForAlertmanager(IReadOnlyList<AlertNotice> notices, DateTimeOffset firingUntil) => Write(json =>
    {
        json.WriteStartArray();
        foreach (AlertNotice notice in notices)
        {
            json.WriteStartObject();
            WriteAlert(json, notice, Text(notice.EndsAt ?? firingUntil));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>A webhook's body, shaped as version 4 of Alertmanager's; docs/operations/alerts.md describes it.</summary>
    /// <param name="receiver">Its name.</param>
    /// <param name="notices">At least one; all of one rule and level.</param>
    public byte[] ForWebhook(string receiver, IReadOnlyList<AlertNotice> notices) => Write(json =>
    {
        AlertNotice first = notices[0];
        (string Name, string Value)[] group = [.. first.Labels(source).Take(2)];
        json.WriteStartObject();
        json.WriteString("version", "4");
        json.WriteString("groupKey", $"{group[0].Value}:{group[1].Value}");
        json.WriteNumber("truncatedAlerts", 0);
        json.WriteString("status", StatusOf(notices.Any(notice => !notice.IsResolved)));
        json.WriteString("receiver", receiver);
        WriteTexts(json, "groupLabels", group);
        WriteTexts(json, "commonLabels", first.Labels(source).Where(label => notices.All(notice => notice.Labels(source).Contains(label))));
        WriteTexts(json, "commonAnnotations", Annotations(first).Where(text => notices.All(notice => Annotations(notice).Contains(text))));
        json.WriteString("externalURL", generator?.ToString() ?? "");
        json.WriteStartArray("alerts");
        foreach (AlertNotice notice in notices)
        {
            json.WriteStartObject();
            json.WriteString("status", StatusOf(!notice.IsResolved));
            WriteAlert(json, notice, notice.EndsAt is { } end ? Text(end) : NoTime);
            json.WriteString("fingerprint", Fingerprint(notice));
            json.WriteNumber("value", Math.Round(notice.Value, 2));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private void WriteAlert(Utf8JsonWriter json, AlertNotice notice, string endsAt)
    {
        WriteTexts(json, "labels", notice.Labels(source));
        WriteTexts(json, "annotations", Annotations(notice));
        json.WriteString("startsAt", Text(notice.StartsAt));
        json.WriteString("endsAt", endsAt);
        if (generator is not null) json.WriteString("generatorURL", generator.ToString());
    }

    private (string Name, string Value)[] Annotations(AlertNotice notice)
    {
        AlertText text = AlertText.Of(notice.Key.Kind);
        return
        [
            ("summary", text.SummaryOf(notice.Key.First, notice.Key.Second, notice.Value, notice.Threshold)),
            ("description", text.Meaning),
            ("action", text.Action),
            ("runbook_url", $"{runbook}#{AlertText.NameOf(notice.Key.Kind).ToLowerInvariant()}"),
        ];
    }

    /// <summary>Of the labels alone: the same for an alert at all times, so that a bridge can bring its end together with its beginning.</summary>
    private string Fingerprint(AlertNotice notice)
    {
        string labels = string.Join('\n', notice.Labels(source).Select(label => $"{label.Name}={label.Value}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(labels)).AsSpan(0, 8));
    }

    private static string StatusOf(bool isFiring) => isFiring ? "firing" : "resolved";

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<(string Name, string Value)> texts)
    {
        json.WriteStartObject(name);
        foreach ((string key, string value) in texts) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer)) content(json);
        return buffer.WrittenSpan.ToArray();
    }
}
