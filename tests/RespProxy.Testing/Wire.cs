using System.Globalization;
using System.Text;

namespace RespProxy.Testing;

/// <summary>Requests and replies as bytes. Text is Latin-1: one byte per char, so any byte can be written in a literal.</summary>
public static class Wire
{
    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>A request: an array of bulk strings.</summary>
    public static byte[] Request(params string[] arguments) => Array([.. arguments.Select(Bulk)]);

    /// <inheritdoc cref="Request(string[])"/>
    public static byte[] Request(IReadOnlyList<byte[]> arguments) => Array([.. arguments.Select(Bulk)]);

    public static byte[] Ok { get; } = Simple("OK");

    public static byte[] Simple(string text) => Bytes($"+{text}\r\n");

    public static byte[] Error(string text) => Bytes($"-{text}\r\n");

    public static byte[] Integer(long value) => Bytes(string.Create(CultureInfo.InvariantCulture, $":{value}\r\n"));

    public static byte[] Bulk(string value) => Bulk(Bytes(value));

    public static byte[] Bulk(byte[] value) =>
        [.. Bytes(string.Create(CultureInfo.InvariantCulture, $"${value.Length}\r\n")), .. value, .. "\r\n"u8];

    /// <summary>RESP2's null bulk string.</summary>
    public static byte[] Null { get; } = Bytes("$-1\r\n");

    public static byte[] Array(params byte[][] items) =>
        [.. Bytes(string.Create(CultureInfo.InvariantCulture, $"*{items.Length}\r\n")), .. items.SelectMany(item => item)];

    public static byte[] Moved(int slot, FakeNode node) =>
        Error(string.Create(CultureInfo.InvariantCulture, $"MOVED {slot} {node.Host}:{node.Port}"));

    public static byte[] Ask(int slot, FakeNode node) =>
        Error(string.Create(CultureInfo.InvariantCulture, $"ASK {slot} {node.Host}:{node.Port}"));

    /// <summary>A reply to CLUSTER SLOTS with one primary per range and no replicas.</summary>
    public static byte[] ClusterSlots(params (int First, int Last, FakeNode Primary)[] ranges) =>
        Array([.. ranges.Select(range => Array(
            Integer(range.First),
            Integer(range.Last),
            Array(Bulk(range.Primary.Host), Integer(range.Primary.Port), Bulk(range.Primary.Id))))]);
}
