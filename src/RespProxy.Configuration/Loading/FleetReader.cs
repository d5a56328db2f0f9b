using System.Globalization;

namespace RespProxy.Configuration.Loading;

/// <summary>The control Redis of shared rates, and what a rate says of being shared.</summary>
internal static class FleetReader
{
    /// <summary>A proxy in ten thousand.</summary>
    private const decimal SmallestShare = 0.0001m;

    /// <summary>Null where the section is not there, or has nothing in it.</summary>
    public static FleetSnapshot? Read(Section root, SecretReader secrets)
    {
        Section section = root.Child("fleet");
        if (!section.Has("redis") && !section.Has("prefix") && !section.Has("fallbackAfter")) return null;
        if (!section.Has("redis"))
            section.Error("redis", "is missing; write the control Redis that the proxies share, as redis: {addresses: [\"control-redis:6379\"]}");
        var defaults = new FleetSnapshot { Redis = RulesReader.ReadServer(section.Child("redis"), secrets) };
        string prefix = section.Text("prefix") ?? defaults.Prefix;
        if (prefix.Length is 0 or > 128 || !prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '.' or '_' or '-'))
            section.Error("prefix", $"{Suggestion.Quote(prefix)} may hold 1 to 128 letters, digits, ':', '.', '_' and '-' only");
        return defaults with
        {
            Prefix = prefix,
            FallbackAfter = section.Duration("fallbackAfter", defaults.FallbackAfter, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(30)),
        };
    }

    public static RateReach ReadReach(Section rate)
    {
        RateReach reach = rate.Choice("scope", RateReach.Proxy, ("proxy", RateReach.Proxy), ("fleet", RateReach.Fleet));
        if (reach == RateReach.Proxy && rate.Has("localShare"))
            rate.Error("localShare", "is for scope: fleet only; remove it, or add that");
        return reach;
    }

    /// <summary>Without a default: only who knows how many proxies there are can say what they may give out alone.</summary>
    public static decimal ReadLocalShare(Section rate, RateReach reach)
    {
        if (reach == RateReach.Proxy) return 1;
        if (rate.Text("localShare") is not { } text)
        {
            if (!rate.Has("localShare"))
                rate.Error("localShare", "is missing: the part of the rate that this proxy may give out alone while the control Redis is away; with 10 proxies, localShare: 0.1 keeps to the rate");
            return 1;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal share) && share is >= SmallestShare and <= 1) return share;
        rate.Error("localShare", string.Create(CultureInfo.InvariantCulture, $"{Suggestion.Quote(text)} is not a number from {SmallestShare} to 1"));
        return 1;
    }
}
