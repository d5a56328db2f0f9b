using System.Globalization;
using System.Text;

namespace RespProxy.Microbenchmarks;

/// <summary>Requests and replies as bytes.</summary>
internal static class Wire
{
    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static byte[] Request(params IReadOnlyList<string> arguments) => Array(arguments);

    public static byte[] Bulk(string value) => Bytes(string.Create(CultureInfo.InvariantCulture, $"${value.Length}\r\n{value}\r\n"));

    public static byte[] Array(IReadOnlyCollection<string> values) =>
        [.. Bytes(string.Create(CultureInfo.InvariantCulture, $"*{values.Count}\r\n")), .. values.SelectMany(Bulk)];

    /// <summary>The same frame so many times.</summary>
    public static byte[] Repeat(byte[] frame, int times) => [.. Enumerable.Repeat(frame, times).SelectMany(bytes => bytes)];
}
