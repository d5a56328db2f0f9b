using RespProxy.Protocol.Resp;

namespace RespProxy.Microbenchmarks.Memory;

/// <summary>
/// A node that answers every send with one delivery of as many replies. It reads requests the first time it sees them; the same bytes
/// are then answered from memory, so that its own work stays out of the measurement.
/// </summary>
/// <param name="answer">The reply to a request.</param>
internal sealed class MemoryNode(Func<string[], byte[]> answer) : IMemoryPeer
{
    private readonly RequestReader _reader = new();
    private byte[] _knownRequests = [];
    private byte[] _knownReplies = [];

    /// <summary>Sends that were not the same as the one before. Constant once the flow is steady.</summary>
    public int Learned { get; private set; }

    public void Take(MemoryConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.SequenceEqual(_knownRequests)) Learn(bytes);
        connection.Send(_knownReplies);
    }

    private void Learn(ReadOnlySpan<byte> bytes)
    {
        Learned++;
        _knownRequests = bytes.ToArray();
        var replies = new MemoryStream();
        while (!bytes.IsEmpty)
        {
            if (_reader.Read(bytes, RequestLimits.Default, out int length) != ReadStatus.Request)
                throw new InvalidOperationException("The proxy sent a node something that is no request.");
            replies.Write(answer(Arguments(_reader.View(bytes, length))));
            bytes = bytes[length..];
        }

        _knownReplies = replies.ToArray();
    }

    private static string[] Arguments(RequestView request)
    {
        var arguments = new string[request.Count];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = Wire.Text(request[i]);
        return arguments;
    }
}
