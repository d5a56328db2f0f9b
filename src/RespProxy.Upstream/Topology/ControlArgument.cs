using System.Globalization;
using System.Text;

namespace RespProxy.Upstream.Topology;

/// <summary>An argument of a control command: bytes, made of text (as UTF-8) or of a number too.</summary>
public readonly record struct ControlArgument(ReadOnlyMemory<byte> Bytes)
{
    public static implicit operator ControlArgument(string text) => FromString(text);

    public static implicit operator ControlArgument(byte[] bytes) => FromBytes(bytes);

    public static implicit operator ControlArgument(long number) => FromInt64(number);

    public static ControlArgument FromString(string text) => new(Encoding.UTF8.GetBytes(text));

    public static ControlArgument FromBytes(byte[] bytes) => new(bytes);

    public static ControlArgument FromInt64(long number) => FromString(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>One request of these arguments as it stands on the wire.</summary>
    public static byte[] Encode(IReadOnlyList<ControlArgument> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        using var request = new MemoryStream();
        WriteLength(request, '*', arguments.Count);
        foreach (ControlArgument argument in arguments)
        {
            WriteLength(request, '$', argument.Bytes.Length);
            request.Write(argument.Bytes.Span);
            request.Write("\r\n"u8);
        }

        return request.ToArray();
    }

    private static void WriteLength(MemoryStream request, char kind, int length) =>
        request.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind}{length}\r\n")));
}
