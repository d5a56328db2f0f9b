using System.Globalization;
using System.Text.Json;
using RespProxy.Control.ControlRedis;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.Rules;

/// <summary>Which version a fleet's Redis says is in force. Number 0: it has none.</summary>
internal readonly record struct FleetHead(long Number, string Checksum);

/// <summary>
/// A fleet's rule sets in its control Redis: one hash. <c>version</c> and <c>checksum</c> tell which is in force, <c>text:N</c> and <c>meta:N</c> (JSON: who, when, how, why) are version N, which
/// never changes. Versions are put by a script that compares and swaps, so that of two that are put at once one is refused. Any thread.
/// </summary>
internal sealed class FleetRules(ControlRedisClient redis, string key, int keep)
{
    // ARGV: the version expected, the highest that the author has seen, how many to keep, checksum, meta, text.
    // A Redis that has lost its data has nothing to conflict with, and must not give numbers anew.
    private static readonly ControlScript PutScript = new("""
        local now = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
        if now ~= 0 and now ~= tonumber(ARGV[1]) then
          return {0, now, redis.call('HGET', KEYS[1], 'meta:' .. now) or ''}
        end
        local number = math.max(now, tonumber(ARGV[2])) + 1
        redis.call('HSET', KEYS[1], 'version', number, 'checksum', ARGV[4], 'meta:' .. number, ARGV[5], 'text:' .. number, ARGV[6])
        for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
          local kept = tonumber(string.match(field, '^%a+:(%d+)$'))
          if kept and kept <= number - tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], field) end
        end
        redis.call('PUBLISH', KEYS[1], number)
        return {1, number}
        """);

    /// <exception cref="ControlRedisException">It does not answer.</exception>
    /// <exception cref="FormatException">It holds something else than rule sets.</exception>
    public async Task<FleetHead> ReadHeadAsync(CancellationToken cancellation)
    {
        ReplyNode reply = Good(await redis.AskAsync(["HMGET", key, "version", "checksum"], cancellation).ConfigureAwait(false));
        if (reply.Items is not [var number, var checksum]) throw new FormatException($"{key} in the control Redis is not a hash of rule sets");
        return number.Kind == ReplyKind.Null ? default : new FleetHead(NumberOf(number), checksum.Text);
    }

    /// <summary>A version; null: it is not kept.</summary>
    /// <exception cref="ControlRedisException">It does not answer.</exception>
    /// <exception cref="FormatException">What it holds is not a version.</exception>
    public async Task<RuleVersion?> ReadAsync(long number, CancellationToken cancellation)
    {
        ReplyNode reply = Good(await redis.AskAsync(["HMGET", key, $"meta:{number}", $"text:{number}"], cancellation).ConfigureAwait(false));
        if (reply.Items is not [var meta, var text]) throw new FormatException($"{key} in the control Redis is not a hash of rule sets");
        return meta.Kind == ReplyKind.Null || text.Kind == ReplyKind.Null ? null : Parse(number, meta, text.Bytes.ToArray());
    }

    /// <summary>The version that is said to be in force.</summary>
    /// <exception cref="ControlRedisException">It does not answer, or another version has come into force meanwhile.</exception>
    /// <exception cref="FormatException">It is not there, or not what it is said to be.</exception>
    public async Task<RuleVersion> ReadInForceAsync(FleetHead head, CancellationToken cancellation)
    {
        if (await ReadAsync(head.Number, cancellation).ConfigureAwait(false) is { } version)
        {
            return version.Checksum == head.Checksum
                ? version
                : throw new FormatException(FormattableString.Invariant($"the text of version {head.Number} in the control Redis is not the one whose checksum it has"));
        }

        if (await ReadHeadAsync(cancellation).ConfigureAwait(false) != head) throw new ControlRedisException("another rule set has come into force meanwhile");
        throw new FormatException(FormattableString.Invariant($"version {head.Number} is said to be in force, but is not in the control Redis"));
    }

    /// <summary>The kept versions without their texts, oldest first.</summary>
    /// <exception cref="ControlRedisException">It does not answer.</exception>
    /// <exception cref="FormatException">It holds something else than rule sets.</exception>
    public async Task<IReadOnlyList<FleetEntry>> ReadHistoryAsync(CancellationToken cancellation)
    {
        long last = (await ReadHeadAsync(cancellation).ConfigureAwait(false)).Number;
        if (last == 0) return [];
        long[] numbers = [.. Enumerable.Range(0, keep).Select(back => last - keep + 1 + back).Where(number => number > 0)];
        ControlArgument[] fields = [.. numbers.Select(number => ControlArgument.FromString($"meta:{number}"))];
        ReplyNode reply = Good(await redis.AskAsync(["HMGET", key, .. fields], cancellation).ConfigureAwait(false));
        return [.. numbers.Zip(reply.Items).Where(pair => pair.Second.Kind == ReplyKind.Bulk).Select(pair => new FleetEntry(Parse(pair.First, pair.Second, []), ChecksumIn(pair.Second)))];
    }

    /// <summary>Puts a version in force for the fleet.</summary>
    /// <param name="version">Its number does not count.</param>
    /// <param name="expected">The number that must be in force.</param>
    /// <param name="seen">The highest number that was ever seen here.</param>
    /// <param name="cancellation">Gives up; it may be in force all the same.</param>
    /// <exception cref="ControlRedisException">It does not answer; the version may be in force all the same.</exception>
    public async Task<FleetPut> PutAsync(RuleVersion version, long expected, long seen, CancellationToken cancellation)
    {
        ReplyNode reply = Good(await redis.RunAsync(
            PutScript,
            [key],
            [expected, seen, keep, version.Checksum, MetaOf(version), version.Utf8.ToArray()],
            cancellation).ConfigureAwait(false));
        if (reply.Items.Length < 2) throw new FormatException("the control Redis answers a script as no Redis does");
        long number = reply.Items[1].Integer;
        if (reply.Items[0].Integer == 1) return new FleetPut(true, number, version.Numbered(number).ToString());
        return new FleetPut(false, number, reply.Items is [_, _, { Bytes.Length: > 0 } meta] ? Parse(number, meta, []).ToString() : $"version {number}");
    }

    private static ReplyNode Good(ReplyNode reply) => reply.IsError ? throw new ControlRedisException($"the control Redis refuses: {reply.Text}") : reply;

    private static long NumberOf(ReplyNode node) =>
        long.TryParse(node.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0
            ? number
            : throw new FormatException("the version in the control Redis is not a number");

    private static byte[] MetaOf(RuleVersion version)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            RuleJson.WriteOrigin(json, version);
            json.WriteString("checksum", version.Checksum);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static RuleVersion Parse(long number, ReplyNode meta, byte[] text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(meta.Bytes);
            return RuleJson.ReadOrigin(json.RootElement, number, text);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException(FormattableString.Invariant($"version {number} in the control Redis is malformed: {exception.Message}"), exception);
        }
    }

    private static string ChecksumIn(ReplyNode meta)
    {
        using JsonDocument json = JsonDocument.Parse(meta.Bytes);
        return json.RootElement.TryGetProperty("checksum", out JsonElement checksum) ? checksum.ToString() : "";
    }
}

/// <summary>A version of a fleet's history, without its text.</summary>
internal sealed record FleetEntry(RuleVersion Origin, string Checksum);

/// <summary>What became of a version put: the one in force now.</summary>
/// <param name="IsDone">False: another one than expected was in force.</param>
/// <param name="Number">Of the one in force now.</param>
/// <param name="InForce">Who put it, and when.</param>
internal readonly record struct FleetPut(bool IsDone, long Number, string InForce);
