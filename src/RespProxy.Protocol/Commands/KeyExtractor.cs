using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Commands;

/// <summary>What looking for a request's keys came to.</summary>
public enum KeyExtraction
{
    Found,

    /// <summary>The number of keys is not a number, or below 1, or more than there are arguments: Redis's own error is due.</summary>
    BadNumKeys,

    /// <summary>The arguments do not parse (no STREAMS keyword, uneven halves, a key without its value): Redis's own error is due.</summary>
    SyntaxError,
}

/// <summary>
/// Finds the keys of a request by the rules of its command. Pure; allocation-free.
/// <para>
/// An argument that Redis would take for a key must never be missed: it would reach another tenant's data. So where
/// options decide, they are parsed as Redis parses them, and an option that is not known here is a syntax error here,
/// whatever a newer server might make of it. Redis reads keywords as C strings: <c>STORE\0junk</c> is STORE to it, and so it is here.
/// </para>
/// </summary>
public static class KeyExtractor
{
    /// <summary>
    /// Fills <paramref name="keys"/> (cleared first) with the indexes of the arguments that are keys, ascending.
    /// Expects a request whose argument count the command accepts; with fewer, finds the keys that are there.
    /// </summary>
    /// <param name="request">The request; not kept.</param>
    /// <param name="spec">Its command's row, or its subcommand's.</param>
    /// <param name="keys">Filled when <see cref="KeyExtraction.Found"/>, otherwise empty.</param>
    /// <param name="error">
    /// Empty when found; otherwise the text the client is answered with, as Redis 7.0 words it, without <c>-</c> and CRLF. A constant.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KeyExtraction Extract(in RequestView request, CommandSpec spec, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        keys.Clear();
        error = default;
        if (spec.HasOneKeyFirst && request.Count > 1)
        {
            keys.Add(1);
            return KeyExtraction.Found;
        }

        return ExtractByShape(request, spec, keys, out error);
    }

    private static KeyExtraction ExtractByShape(in RequestView request, CommandSpec spec, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        error = default;
        KeySpec positions = spec.Keys;
        KeyExtraction outcome = positions.Shape switch
        {
            KeyShape.Range => Range(request, spec, keys, out error),
            KeyShape.Counted => Counted(request, spec, keys, out error),
            KeyShape.Streams or KeyShape.GroupStreams => Streams(request, positions, keys, out error),
            KeyShape.Sort => Sort(request, positions, keys, out error),
            KeyShape.GeoRadius => GeoRadius(request, positions, keys, out error),
            KeyShape.Copy => Copy(request, positions, keys, out error),
            KeyShape.Move => Move(request, positions, keys),
            KeyShape.Migrate => Migrate(request, positions, keys),
            _ => KeyExtraction.Found,
        };
        if (outcome != KeyExtraction.Found) keys.Clear();
        return outcome;
    }

    private static KeyExtraction Range(in RequestView request, CommandSpec spec, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        KeySpec positions = spec.Keys;
        int last = positions.Last < 0 ? request.Count + positions.Last : Math.Min(positions.Last, request.Count - 1);
        error = default;
        if (positions.Step > 1 && (last - positions.First + 1) % positions.Step != 0)
            return Refuse(KeyExtraction.SyntaxError, KeyErrors.UnevenPairs(spec), out error);
        for (int i = positions.First; i <= last; i += positions.Step) keys.Add(i);
        return KeyExtraction.Found;
    }

    private static KeyExtraction Counted(in RequestView request, CommandSpec spec, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        int numKeys = spec.Keys.NumKeys;
        NumKeysRule rule = spec.Keys.NumKeysRule;
        int following = request.Count - numKeys - 1;
        if (following < 0) return Refuse(KeyExtraction.SyntaxError, KeyErrors.Syntax, out error);
        if (!TryParseInteger(request[numKeys], out long count))
            return Refuse(KeyExtraction.BadNumKeys, KeyErrors.NotANumberOfKeys(spec), out error);
        if (count < (rule == NumKeysRule.Script ? 0 : 1))
            return Refuse(KeyExtraction.BadNumKeys, KeyErrors.TooFewKeys(spec), out error);
        if (count > following)
            return Refuse(KeyExtraction.BadNumKeys, KeyErrors.TooManyKeys(rule), out error);

        error = default;
        if (spec.Keys.First > 0) keys.Add(spec.Keys.First);
        for (int i = 1; i <= (int)count; i++) keys.Add(numKeys + i);
        return KeyExtraction.Found;
    }

    /// <summary>[COUNT n] [BLOCK ms] [GROUP group consumer] [NOACK] STREAMS key ... id ...; a group may well be named STREAMS.</summary>
    private static KeyExtraction Streams(in RequestView request, KeySpec positions, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        bool groups = positions.Shape == KeyShape.GroupStreams;
        bool blocks = false;
        bool grouped = false;
        for (int i = positions.OptionsFrom; i < request.Count; i++)
        {
            ReadOnlySpan<byte> option = request[i];
            int following = request.Count - i - 1;
            if (following >= 1 && IsKeyword(option, "STREAMS"u8))
            {
                keys.Blocks = blocks;
                return FirstHalf(i + 1, following, groups && !grouped, keys, out error);
            }

            if (following >= 1 && IsKeyword(option, "COUNT"u8)) i++;
            else if (following >= 1 && IsKeyword(option, "BLOCK"u8))
            {
                blocks = true;
                i++;
            }
            else if (following >= 2 && IsKeyword(option, "GROUP"u8))
            {
                if (!groups) return Refuse(KeyExtraction.SyntaxError, KeyErrors.GroupOption, out error);
                grouped = true;
                i += 2;
            }
            else if (!IsKeyword(option, "NOACK"u8)) break;
            else if (!groups) return Refuse(KeyExtraction.SyntaxError, KeyErrors.NoAckOption, out error);
        }

        return Refuse(KeyExtraction.SyntaxError, KeyErrors.Syntax, out error);
    }

    /// <summary>
    /// Keys and as many ids. Without its GROUP an XREADGROUP is refused here: a server in cluster mode
    /// would look for the keys elsewhere than where it reads them, and redirect by what is none.
    /// </summary>
    private static KeyExtraction FirstHalf(int start, int count, bool lacksGroup, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        if (count % 2 != 0) return Refuse(KeyExtraction.SyntaxError, KeyErrors.UnbalancedStreams, out error);
        if (lacksGroup) return Refuse(KeyExtraction.SyntaxError, KeyErrors.MissingGroup, out error);
        for (int i = 0; i < count / 2; i++) keys.Add(start + i);
        error = default;
        return KeyExtraction.Found;
    }

    /// <summary>key [ASC|DESC] [ALPHA] [LIMIT offset count] [BY pattern] [GET pattern ...] [STORE key ...].</summary>
    /// <remarks>SORT_RO takes no STORE; the server says so. Of several STORE the last counts; all are keys here.</remarks>
    private static KeyExtraction Sort(in RequestView request, KeySpec positions, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        AddIfThere(request, positions.First, keys);
        for (int i = positions.OptionsFrom; i < request.Count; i++)
        {
            ReadOnlySpan<byte> option = request[i];
            int following = request.Count - i - 1;
            if (IsKeyword(option, "ASC"u8) || IsKeyword(option, "DESC"u8) || IsKeyword(option, "ALPHA"u8)) continue;
            if (following >= 2 && IsKeyword(option, "LIMIT"u8)) i += 2;
            else if (following >= 1 && IsKeyword(option, "STORE"u8)) keys.Add(++i);
            else if (following >= 1 && IsKeyword(option, "BY"u8))
            {
                // Without a * it names no key: "do not sort".
                if (request[++i].Contains((byte)'*')) keys.AddPattern(i);
            }
            else if (following >= 1 && IsKeyword(option, "GET"u8))
            {
                // # is the element itself.
                if (!request[++i].SequenceEqual("#"u8)) keys.AddPattern(i);
            }
            else return Refuse(KeyExtraction.SyntaxError, KeyErrors.Syntax, out error);
        }

        error = default;
        return KeyExtraction.Found;
    }

    /// <summary>key ... radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT n [ANY]] [ASC|DESC] [STORE key] [STOREDIST key].</summary>
    /// <remarks>Of several STORE and STOREDIST the last counts; all are keys here.</remarks>
    private static KeyExtraction GeoRadius(in RequestView request, KeySpec positions, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        AddIfThere(request, positions.First, keys);
        for (int i = positions.OptionsFrom; i < request.Count; i++)
        {
            ReadOnlySpan<byte> option = request[i];
            int following = request.Count - i - 1;
            if (IsGeoFlag(option)) continue;
            if (following >= 1 && IsKeyword(option, "COUNT"u8)) i++;
            else if (following >= 1 && (IsKeyword(option, "STORE"u8) || IsKeyword(option, "STOREDIST"u8))) keys.Add(++i);
            else return Refuse(KeyExtraction.SyntaxError, KeyErrors.Syntax, out error);
        }

        error = default;
        return KeyExtraction.Found;
    }

    private static bool IsGeoFlag(ReadOnlySpan<byte> option) =>
        IsKeyword(option, "WITHDIST"u8) || IsKeyword(option, "WITHHASH"u8) || IsKeyword(option, "WITHCOORD"u8)
        || IsKeyword(option, "ANY"u8) || IsKeyword(option, "ASC"u8) || IsKeyword(option, "DESC"u8);

    /// <summary>source destination [DB n] [REPLACE]; of several DB the last counts.</summary>
    private static KeyExtraction Copy(in RequestView request, KeySpec positions, KeyIndexes keys, out ReadOnlySpan<byte> error)
    {
        for (int i = positions.OptionsFrom; i < request.Count; i++)
        {
            if (IsKeyword(request[i], "REPLACE"u8)) continue;
            if (i + 1 == request.Count || !IsKeyword(request[i], "DB"u8)) return Refuse(KeyExtraction.SyntaxError, KeyErrors.Syntax, out error);
            keys.SetDatabase(++i);
        }

        error = default;
        AddIfThere(request, positions.First, keys);
        AddIfThere(request, positions.Last, keys);
        return KeyExtraction.Found;
    }

    /// <summary>True when a COPY may overwrite its destination.</summary>
    public static bool HasReplace(in RequestView request, CommandSpec spec)
    {
        for (int i = spec.Keys.OptionsFrom; i < request.Count; i++)
        {
            if (IsKeyword(request[i], "REPLACE"u8)) return true;
            i++;
        }

        return false;
    }

    /// <summary>key db.</summary>
    private static KeyExtraction Move(in RequestView request, KeySpec positions, KeyIndexes keys)
    {
        AddIfThere(request, positions.First, keys);
        if (request.Count > positions.First + 1) keys.SetDatabase(positions.First + 1);
        return KeyExtraction.Found;
    }

    /// <summary>host port key|"" db timeout [COPY] [REPLACE] [AUTH password] [AUTH2 user password] [KEYS key ...].</summary>
    private static KeyExtraction Migrate(in RequestView request, KeySpec positions, KeyIndexes keys)
    {
        if (request.Count > positions.First && !request[positions.First].IsEmpty)
        {
            keys.Add(positions.First);
            return KeyExtraction.Found;
        }

        for (int i = positions.OptionsFrom; i < request.Count; i++)
        {
            if (IsKeyword(request[i], "AUTH"u8)) i++;
            else if (IsKeyword(request[i], "AUTH2"u8)) i += 2;
            else if (IsKeyword(request[i], "KEYS"u8))
            {
                for (int key = i + 1; key < request.Count; key++) keys.Add(key);
                break;
            }
        }

        return KeyExtraction.Found;
    }

    private static void AddIfThere(in RequestView request, int argument, KeyIndexes keys)
    {
        if (argument < request.Count) keys.Add(argument);
    }

    private static KeyExtraction Refuse(KeyExtraction outcome, ReadOnlySpan<byte> text, out ReadOnlySpan<byte> error)
    {
        error = text;
        return outcome;
    }

    /// <summary>As Redis's strcasecmp sees it: any letter case, and the argument ends at its first NUL.</summary>
    private static bool IsKeyword(ReadOnlySpan<byte> argument, ReadOnlySpan<byte> keyword)
    {
        if (argument.Length < keyword.Length) return false;
        if (argument.Length > keyword.Length && argument[keyword.Length] != 0) return false;
        return Ascii.EqualsIgnoreCase(argument[..keyword.Length], keyword);
    }

    /// <summary>Redis's string2ll: digits with an optional minus, no plus, no leading zero, no space, within 64 bits.</summary>
    private static bool TryParseInteger(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.Length == 1 && text[0] == (byte)'0') return true;
        ReadOnlySpan<byte> digits = text.Length > 0 && text[0] == (byte)'-' ? text[1..] : text;
        if (digits.Length == 0 || digits[0] is < (byte)'1' or > (byte)'9') return false;
        return Utf8Parser.TryParse(text, out value, out int consumed) && consumed == text.Length;
    }
}
