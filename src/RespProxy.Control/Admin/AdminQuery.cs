using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace RespProxy.Control.Admin;

/// <summary>What callers write behind the question mark, and the texts that go back.</summary>
internal static class AdminQuery
{
    /// <summary>A number of the query; the fallback where it is not given. Null: it is none, or out of range, and the caller has yet to be told.</summary>
    public static long? Number(HttpContext context, string name, long fallback, long min, long max)
    {
        string? text = context.Request.Query[name];
        if (string.IsNullOrEmpty(text)) return fallback;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= min && value <= max ? value : null;
    }

    /// <summary>How many of a list are wanted: <c>?count=</c>, 1 to 1000.</summary>
    public static int? Count(HttpContext context, int fallback) => (int?)Number(context, "count", fallback, 1, 1000);

    public static Task WrongNumberAsync(HttpContext context, string name, long min, long max) =>
        AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, string.Create(CultureInfo.InvariantCulture, $"'{name}' must be a whole number from {min} to {max}"));

    /// <summary>A key, or any bytes, as text: what is UTF-8 and printable as it is, all else as <c>\x00</c>, a backslash as two. No two keys look the same.</summary>
    public static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            bool isRune = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            if (isRune && rune.Value == '\\') text.Append(@"\\");
            else if (isRune && !Rune.IsControl(rune) && !IsInvisible(rune)) text.Append(rune.ToString());
            else Escape(text, bytes[..length]);
            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>Marks that would turn a line around, or hide within it.</summary>
    private static bool IsInvisible(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static void Escape(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        foreach (byte each in bytes) text.Append(CultureInfo.InvariantCulture, $"\\x{each:x2}");
    }
}
