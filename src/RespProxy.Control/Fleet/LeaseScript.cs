using System.Globalization;
using RespProxy.Control.ControlRedis;
using RespProxy.Tenancy.Fleet;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.Fleet;

/// <summary>
/// What runs in the control Redis: one hash for each rate, a token bucket by the server's own clock, so that no two proxies' clocks matter.
///
/// <para>Who asks gets what is there, but for the part that the other proxies are due until they have asked, too: the rate's tokens of one period,
/// evenly divided. So one that asks for little gets all of it, however much others ask for, and what nobody asks for goes to those who do. How many
/// proxies ask is counted by the second: each is counted once, as it says in which second it was counted last.</para>
///
/// <para>The bucket holds the burst, or what a tenth of a second, or two periods, bring, if that is more: less could not be handed out in batches. A
/// key expires when its bucket is full; a missing one is a full one, unless a proxy knows better.</para>
/// </summary>
internal static class LeaseScript
{
    /// <summary>Most rates of one call: bounds how long the server is busy with it.</summary>
    public const int MaxRates = 64;

    private const int ArgumentsPerRate = 5;

    private const int AnswersPerRate = 3;

    public static readonly ControlScript Script = new(string.Create(CultureInfo.InvariantCulture, $$"""
        -- For each of KEYS five of ARGV: rate, burst, tokens (negative: given back), second last counted in, 1 when a missing bucket is an empty one.
        -- For each three answers: tokens granted, proxies, second.
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local round = math.floor(now / 1000000)
        local answer = {}
        for i = 1, #KEYS do
          local at = i * {{ArgumentsPerRate}}
          local rate, burst, asked = tonumber(ARGV[at - 4]), tonumber(ARGV[at - 3]), tonumber(ARGV[at - 2])
          local state = redis.call('HMGET', KEYS[i], 'tokens', 'at', 'round', 'asking', 'before')
          local last, asking, before = tonumber(state[3]) or round, tonumber(state[4]) or 0, tonumber(state[5]) or 0
          if last ~= round then
            before = round == last + 1 and asking or 0
            asking = 0
          end
          if asked > 0 and tonumber(ARGV[at - 1]) ~= round then asking = asking + 1 end
          local proxies = math.max(asking, before, 1)
          local period = {{FleetPace.ShortestMilliseconds}} * math.min(math.max(proxies, {{FleetPace.FewProxies}}), {{FleetPace.FewProxies * FleetPace.MostTimes}}) / {{FleetPace.FewProxies}} / 1000
          local capacity = math.max(burst, rate * 0.1, rate * period * 2, 1)
          local tokens = tonumber(state[1])
          if tokens then
            tokens = math.min(capacity, tokens + math.max(0, now - tonumber(state[2])) * rate / 1000000)
          else
            tokens = ARGV[at] == '1' and 0 or burst
          end
          local granted = 0
          if asked < 0 then
            tokens = math.min(capacity, tokens - asked)
          else
            local fair = rate * period / proxies
            local free = math.max(tokens - fair * (proxies - 1), math.min(tokens, math.max(fair, 1)))
            granted = math.max(0, math.floor(math.min(asked, free)))
            tokens = tokens - granted
          end
          redis.call('HSET', KEYS[i], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now), 'round', round, 'asking', asking, 'before', before)
          redis.call('PEXPIRE', KEYS[i], string.format('%.0f', (capacity - tokens) / rate * 1000 + 2000))
          answer[i * {{AnswersPerRate}} - 2] = granted
          answer[i * {{AnswersPerRate}} - 1] = proxies
          answer[i * {{AnswersPerRate}}] = round
        end
        return answer
        """));

    /// <summary>The keys of one call, in its order.</summary>
    public static ControlArgument[] KeysOf(string prefix, IReadOnlyList<LeaseAsk> asks) => [.. asks.Select(ask => (ControlArgument)$"{prefix}:{ask.Lease.Key}")];

    public static ControlArgument[] ArgumentsOf(IReadOnlyList<LeaseAsk> asks)
    {
        var arguments = new ControlArgument[asks.Count * ArgumentsPerRate];
        for (int i = 0; i < asks.Count; i++)
        {
            LeaseAsk ask = asks[i];
            ReadOnlySpan<long> numbers = [ask.Lease.PerSecond, ask.Lease.Burst, ask.Tokens, ask.Lease.Round, ask.WasUsed ? 1 : 0];
            for (int j = 0; j < numbers.Length; j++) arguments[(i * ArgumentsPerRate) + j] = numbers[j];
        }

        return arguments;
    }

    /// <summary>Hands the answers to those who asked.</summary>
    /// <exception cref="ControlRedisException">The reply is an error, or none of the script's.</exception>
    public static void Distribute(ReplyNode reply, IReadOnlyList<LeaseAsk> asks, long now)
    {
        if (reply.IsError) throw new ControlRedisException($"the control Redis refused to lease tokens: {reply.Text}");
        if (reply.Items.Length != asks.Count * AnswersPerRate) throw new ControlRedisException("the control Redis answered with something else than tokens");
        for (int i = 0; i < asks.Count; i++)
        {
            int at = i * AnswersPerRate;
            long granted = Math.Clamp(reply.Items[at].Integer, 0, Math.Max(0, asks[i].Tokens));
            int proxies = (int)Math.Clamp(reply.Items[at + 1].Integer, 1, int.MaxValue);
            asks[i].Lease.OnAnswered(asks[i], now, granted, proxies, reply.Items[at + 2].Integer);
        }
    }
}
