namespace RespProxy.Protocol.Commands;

/// <summary>
/// Redis's glob (stringmatchlen in util.c): <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[^a]</c>, <c>\</c> takes the next byte literally. On a mismatch
/// only the last <c>*</c> is tried again, so that no pattern takes longer than the product of both lengths. Pure.
/// </summary>
public static class GlobPattern
{
    public static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        // Redis's loop does not begin on an empty text: not even * matches it.
        if (text.IsEmpty) return pattern.IsEmpty;
        int p = 0;
        int t = 0;
        int afterStar = -1;
        int starText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                afterStar = ++p;
                starText = t;
            }
            else if (p < pattern.Length && MatchesOne(pattern, ref p, text[t]))
            {
                t++;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                t = ++starText;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }

    /// <summary>Matches one byte against the element at <paramref name="p"/>, which is stepped over on a match.</summary>
    private static bool MatchesOne(ReadOnlySpan<byte> pattern, ref int p, byte value)
    {
        int at = p;
        bool matches;
        if (pattern[at] == '[')
        {
            matches = MatchesClass(pattern, ref at, value);
        }
        else
        {
            bool isAny = pattern[at] == '?';
            if (pattern[at] == '\\' && at + 1 < pattern.Length) at++;
            matches = isAny || pattern[at] == value;
            at++;
        }

        if (matches) p = at;
        return matches;
    }

    private static bool MatchesClass(ReadOnlySpan<byte> pattern, ref int at, byte value)
    {
        at++;
        bool isNegated = at < pattern.Length && pattern[at] == '^';
        if (isNegated) at++;
        bool found = false;
        // A class that is never closed ends with the pattern.
        for (; at < pattern.Length && pattern[at] != ']'; at++)
        {
            if (pattern[at] == '\\' && at + 1 < pattern.Length)
            {
                found |= pattern[++at] == value;
            }
            else if (at + 2 < pattern.Length && pattern[at + 1] == '-')
            {
                byte low = Math.Min(pattern[at], pattern[at + 2]);
                byte high = Math.Max(pattern[at], pattern[at + 2]);
                found |= value >= low && value <= high;
                at += 2;
            }
            else
            {
                found |= pattern[at] == value;
            }
        }

        if (at < pattern.Length) at++;
        return found != isNegated;
    }
}
