using System.Globalization;
using System.Net;

namespace RespProxy.Configuration.Loading;

/// <summary>Text forms of sizes, durations and addresses.</summary>
internal static class Values
{
    /// <summary>Units as in redis.conf (k = 1000, kb = 1024), and the IEC ones.</summary>
    private static readonly (string Unit, long Bytes)[] SizeUnits =
    [
        ("kib", 1L << 10), ("mib", 1L << 20), ("gib", 1L << 30),
        ("kb", 1L << 10), ("mb", 1L << 20), ("gb", 1L << 30),
        ("k", 1_000), ("m", 1_000_000), ("g", 1_000_000_000),
        ("b", 1), ("", 1),
    ];

    private static readonly (string Unit, long Milliseconds)[] DurationUnits =
    [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000),
    ];

    public static bool TryParseSize(string text, out long bytes) => TryParseWithUnit(text, SizeUnits, out bytes);

    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        bool parsed = TryParseWithUnit(text, DurationUnits, out long milliseconds);
        // TimeSpan.MaxValue in milliseconds; more is no timeout of anything.
        parsed = parsed && milliseconds <= 922_337_203_685_477;
        duration = parsed ? TimeSpan.FromMilliseconds(milliseconds) : default;
        return parsed;
    }

    public static string FormatSize(long bytes) => FormatWithUnit(bytes, ("gb", 1L << 30), ("mb", 1L << 20), ("kb", 1L << 10));

    public static string FormatDuration(TimeSpan duration) =>
        FormatWithUnit((long)duration.TotalMilliseconds, ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1));

    /// <summary><c>host:port</c>, <c>1.2.3.4:port</c> or <c>[::1]:port</c>. The error says what is wrong; null: parsed.</summary>
    public static string? ParseAddress(string text, int minPort, out NodeAddress address)
    {
        address = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0)
            return "has no port; write host:port";
        string host = text[..colon];
        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port < minPort || port > 65535)
            return $"the port is not a number from {minPort} to 65535";

        if (host is ['[', .. var inner, ']'])
        {
            if (!IPAddress.TryParse(inner, out IPAddress? v6) || v6.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
                return "the part in brackets is not an IPv6 address";
            host = inner;
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return "an IPv6 address needs brackets: [::1]:6379";
        }
        else if (!IsHostName(host))
        {
            return "the host is neither a name nor an address; names hold letters, digits, '.', '-' and '_'";
        }

        address = new NodeAddress(host, port);
        return null;
    }

    private static bool IsHostName(string host) =>
        host.Length <= 253 && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && char.IsAsciiLetterOrDigit(host[0]);

    private static bool TryParseWithUnit(string text, (string Unit, long Factor)[] units, out long value)
    {
        value = 0;
        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        string unit = digits < 0 ? "" : text[digits..].TrimStart();
        if (!long.TryParse(digits < 0 ? text : text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            return false;
        foreach ((string name, long factor) in units)
        {
            if (!string.Equals(unit, name, StringComparison.OrdinalIgnoreCase))
                continue;
            value = number * factor;
            return number <= long.MaxValue / factor;
        }

        return false;
    }

    private static string FormatWithUnit(long value, params ReadOnlySpan<(string Unit, long Factor)> units)
    {
        foreach ((string unit, long factor) in units)
        {
            if (value != 0 && value % factor == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{value / factor}{unit}");
        }

        return value.ToString(CultureInfo.InvariantCulture);
    }
}
