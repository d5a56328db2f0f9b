using System.Globalization;

namespace RespProxy.LoadTests.Report;

/// <summary>How figures are written in the tables: three significant digits, the spread in parentheses.</summary>
internal static class Format
{
    public const string Absent = "–";

    public static string Figure(double value)
    {
        double magnitude = Math.Abs(value);
        string format = magnitude switch { >= 99.95 => "0", >= 9.995 => "0.0", >= 0.0995 or 0 => "0.00", _ => "0.000" };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Operations a second in thousands.</summary>
    public static string Thousands(double value) => Figure(value / 1000) + "k";

    public static string MebiBytes(double bytes) => (bytes / (1024 * 1024)).ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>The median with its spread; alone when there was only one value.</summary>
    public static string WithSpread(Spread? spread, Func<double, string> figure) => spread switch
    {
        null => Absent,
        { Count: 1 } one => figure(one.Median),
        { } s => $"{figure(s.Median)} ({figure(s.Min)}–{figure(s.Max)})",
    };

    public static string MedianOnly(Spread? spread, Func<double, string> figure) =>
        spread is { } s ? figure(s.Median) : Absent;
}
