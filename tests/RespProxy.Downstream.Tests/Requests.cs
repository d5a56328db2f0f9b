using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Downstream.Tests;

/// <summary>A request on the heap, so that a view of it can be had at any time.</summary>
internal sealed class Requests
{
    private readonly RequestReader _reader = new();
    private readonly byte[] _frame;

    public Requests(params string[] arguments)
    {
        _frame = Wire.Request(arguments);
        Assert.Equal(ReadStatus.Request, _reader.Read(_frame, RequestLimits.Default, out int length));
        Assert.Equal(_frame.Length, length);
    }

    public RequestView View => _reader.View(_frame, _frame.Length);
}
