using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

/// <summary>
/// A connection's input in front of a reader, used as a session uses it: what is incomplete stays, what was read goes.
/// Texts are Latin-1, one char per byte.
/// </summary>
internal sealed class ClientInput(RequestLimits? limits = null)
{
    private readonly RequestReader _reader = new();
    private readonly RequestLimits _limits = limits ?? RequestLimits.Default;
    private byte[] _unread = [];

    /// <summary>The requests read so far, each as its arguments.</summary>
    public List<string[]> Requests { get; } = [];

    /// <summary>The text the client would be refused with; null while all is well.</summary>
    public string? Refusal { get; private set; }

    public int Unread => _unread.Length;

    /// <summary>What a reader makes of the payload when it comes in these pieces.</summary>
    public static ClientInput Of(IEnumerable<ReadOnlyMemory<byte>> pieces, RequestLimits? limits = null)
    {
        var input = new ClientInput(limits);
        foreach (ReadOnlyMemory<byte> piece in pieces) input.Arrive(piece.Span);
        return input;
    }

    public static ClientInput Of(string payload, RequestLimits? limits = null) => Of([Wire.Bytes(payload)], limits);

    public void Arrive(ReadOnlySpan<byte> piece)
    {
        if (Refusal is not null) return;
        _unread = [.. _unread, .. piece];
        while (_unread.Length > 0 && ReadOne())
        {
        }
    }

    private bool ReadOne()
    {
        ReadStatus status = _reader.Read(_unread, _limits, out int consumed);
        switch (status)
        {
            case ReadStatus.Incomplete:
                Assert.Equal(0, consumed);
                Assert.True(_reader.Needed > _unread.Length, "a reader that waits must wait for more than there is");
                return false;
            case ReadStatus.Invalid:
                Assert.Equal(0, consumed);
                Refusal = ProtocolErrors.Text(_reader.Error, _reader.ErrorByte);
                return false;
            default:
                Assert.InRange(consumed, 1, _unread.Length);
                if (status == ReadStatus.Request) Requests.Add(Arguments(_reader.View(_unread, consumed)));
                Assert.False(_reader.IsInsideFrame);
                _unread = _unread[consumed..];
                return true;
        }
    }

    /// <summary>The arguments of a view, whose frame must be RESP by a parser that shares nothing with the reader.</summary>
    private static string[] Arguments(in RequestView view)
    {
        string[] arguments = new string[view.Count];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = Wire.Text(view[i]);
        (IReadOnlyList<string> Arguments, int Length)? strict = StrictRequestParser.Parse(Wire.Text(view.Frame));
        Assert.NotNull(strict);
        Assert.Equal(arguments, strict.Value.Arguments);
        Assert.Equal(view.Frame.Length, strict.Value.Length);
        return arguments;
    }
}
