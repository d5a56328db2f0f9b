namespace RespProxy.Testing;

/// <summary>What a <see cref="FakeNode"/> does about a request: sends bytes (whole replies or not), then perhaps drops the connection.</summary>
public sealed record FakeAnswer(ReadOnlyMemory<byte> Bytes, bool ThenDrop)
{
    public static FakeAnswer Ok { get; } = Send(Wire.Ok);

    /// <summary>Says nothing, keeps the connection.</summary>
    public static FakeAnswer Silence { get; } = Send([]);

    /// <summary>Drops the connection without a word.</summary>
    public static FakeAnswer Drop { get; } = new(ReadOnlyMemory<byte>.Empty, ThenDrop: true);

    public static FakeAnswer Send(byte[] bytes) => new(bytes, ThenDrop: false);

    /// <summary>Sends the first <paramref name="count"/> bytes and drops the connection in the middle of the reply.</summary>
    public static FakeAnswer SendPart(byte[] bytes, int count) => new(bytes.AsMemory(0, count), ThenDrop: true);
}

/// <summary>A request as a <see cref="FakeNode"/> got it.</summary>
/// <param name="Connection">Which connection, counted from 1 in the order of accepting.</param>
public sealed record FakeRequest(int Connection, IReadOnlyList<byte[]> Arguments)
{
    /// <summary>The command's name in upper case.</summary>
    public string Command => Argument(0).ToUpperInvariant();

    /// <summary>An argument as Latin-1 text; 0 is the command's name.</summary>
    public string Argument(int index) => Wire.Text(Arguments[index]);

    public override string ToString() => string.Join(' ', Arguments.Select(argument => Wire.Text(argument)));
}
