using System.Globalization;
using System.Text;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Tests.Commands;

/// <summary>A request frame made from its arguments, kept on the heap so that a view of it can be had at any time.</summary>
internal sealed class Requests
{
    private readonly byte[] _frame;
    private readonly ArgumentTable _arguments = new();

    private Requests(byte[] frame) => _frame = frame;

    public RequestView View => new(_frame, _arguments);

    /// <summary>The request of a line split at spaces; <c>""</c> is an empty argument and <c>\0</c> a NUL.</summary>
    public static Requests OfLine(string line) =>
        Of([.. line.Split(' ').Select(word => Encoding.Latin1.GetBytes(word == "\"\"" ? "" : word.Replace("\\0", "\0", StringComparison.Ordinal)))]);

    public static Requests Of(IReadOnlyList<byte[]> arguments)
    {
        using var frame = new MemoryStream();
        var starts = new List<(int Header, int Start, int Length)>();
        frame.Write(Encoding.ASCII.GetBytes($"*{arguments.Count}\r\n"));
        foreach (byte[] argument in arguments)
        {
            int header = (int)frame.Position;
            frame.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${argument.Length}\r\n")));
            starts.Add((header, (int)frame.Position, argument.Length));
            frame.Write(argument);
            frame.Write("\r\n"u8);
        }

        var request = new Requests(frame.ToArray());
        foreach ((int header, int start, int length) in starts) request._arguments.Add(header, start, length);
        return request;
    }

    /// <summary>The row of the request's command, or of its subcommand.</summary>
    public static CommandSpec SpecOf(in RequestView request)
    {
        CommandSpec? spec = CommandTable.Find(request[0]);
        Assert.NotNull(spec);
        if (!spec.IsContainer || request.Count < 2) return spec;
        CommandSpec? subcommand = CommandTable.FindSubcommand(spec, request[1]);
        Assert.NotNull(subcommand);
        return subcommand;
    }
}
