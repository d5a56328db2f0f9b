using System.Text;

namespace RespProxy.Configuration.Loading;

/// <summary>Words for error texts: "did you mean", lists of names, quoting.</summary>
internal static class Suggestion
{
    private const int LongestQuote = 40;

    /// <summary>The candidate that is at most a third of its letters (two at least) away, and nearest; null when none is.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        // Beyond this no candidate can be near, and the distance costs the product of the lengths.
        if (word.Length is 0 or > LongestQuote)
            return null;
        string? nearest = null;
        int shortest = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(word, candidate);
            if (distance < shortest && distance <= Math.Max(2, candidate.Length / 3) && distance < candidate.Length)
                (nearest, shortest) = (candidate, distance);
        }

        return nearest;
    }

    /// <summary><c>did you mean 'x'?</c> or <c>allowed: a, b, c</c>.</summary>
    public static string For(string word, IReadOnlyCollection<string> candidates) =>
        Nearest(word, candidates) is { } nearest ? $"did you mean '{nearest}'?" : $"allowed: {string.Join(", ", candidates)}";

    /// <summary>In single quotes, shortened, controls as <c>\u000a</c>, so that an error stays one readable line.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("'");
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, LongestQuote)))
        {
            if (char.IsControl(c) || char.IsSurrogate(c))
                quoted.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                quoted.Append(c);
        }

        return quoted.Append(text.Length > LongestQuote ? "...'" : "'").ToString();
    }

    /// <summary>Edits (insert, delete, replace) between two words, case ignored.</summary>
    private static int Distance(string left, string right)
    {
        Span<int> row = stackalloc int[right.Length + 1];
        for (int j = 0; j <= right.Length; j++)
            row[j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replace = diagonal + (char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replace, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
