using System.Collections.Immutable;
using System.Text.Json;
using RespProxy.Configuration;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Admin;

/// <summary>What several answers have in them.</summary>
internal static class JsonParts
{
    /// <summary>Null where there is no time.</summary>
    public static void WriteSeconds(this Utf8JsonWriter json, string name, TimeSpan? time)
    {
        if (time is { } span) json.WriteNumber(name, Math.Round(span.TotalSeconds, 3));
        else json.WriteNull(name);
    }

    public static void WriteTime(this Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at) json.WriteString(name, at);
        else json.WriteNull(name);
    }

    /// <summary>Quantiles in microseconds; null where nothing was measured, or it took longer than is measured.</summary>
    public static void WriteLatency(this Utf8JsonWriter json, string name, LatencyReading latency)
    {
        if (latency.Count == 0)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("mean", Math.Round(latency.MeanMicroseconds, 1));
        WritePercentile("p50", 50);
        WritePercentile("p90", 90);
        WritePercentile("p99", 99);
        WritePercentile("p999", 99.9);
        json.WriteEndObject();

        void WritePercentile(string key, double percent)
        {
            long microseconds = latency.Percentile(percent);
            if (microseconds == long.MaxValue) json.WriteNull(key);
            else json.WriteNumber(key, microseconds);
        }
    }

    /// <summary>Three properties.</summary>
    public static void WriteScope(this Utf8JsonWriter json, RuleScopeSnapshot scope)
    {
        WriteTexts("commands", scope.Commands);
        WriteTexts("keys", scope.Keys);
        WriteTexts("patterns", scope.Patterns);

        void WriteTexts(string key, ImmutableArray<string> texts) => json.WriteTexts(key, texts);
    }

    /// <summary>Counts of a command or of all of a tenant's.</summary>
    public static void WriteCounts(this Utf8JsonWriter json, CommandReading reading)
    {
        json.WriteNumber("calls", reading.Calls);
        json.WriteNumber("errors", reading.Errors);
        json.WriteNumber("denied", reading.Denied);
        json.WriteNumber("throttled", reading.Throttled);
        json.WriteNumber("overQuota", reading.OverQuota);
        json.WriteNumber("delayed", reading.Delayed);
        json.WriteNumber("shadowed", reading.Shadowed);
        json.WriteNumber("requestBytes", reading.RequestBytes);
        json.WriteNumber("replyBytes", reading.ReplyBytes);
    }
}
