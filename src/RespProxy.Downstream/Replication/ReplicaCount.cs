using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Replication;

/// <summary>
/// What WAIT (one number) and WAITAOF (two) answer, of several primaries: of each number the least, since the client's writes may be on any of them.
/// </summary>
internal sealed class ReplicaCount(int numbers)
{
    private readonly long[] _least = new long[numbers];
    private bool _hasAny;

    /// <summary>Adds a primary's answer; false when it has another form.</summary>
    public bool TryAdd(ReadOnlySpan<byte> reply)
    {
        int offset = 0;
        if (_least.Length > 1)
        {
            if (reply[0] != '*') return false;
            offset = RespNumber.ReadLine(reply, 1, out long count);
            if (count != _least.Length) return false;
        }

        for (int i = 0; i < _least.Length; i++)
        {
            if (offset < 0 || offset >= reply.Length || reply[offset] != ':') return false;
            offset = RespNumber.ReadLine(reply, offset + 1, out long number);
            _least[i] = _hasAny ? Math.Min(_least[i], number) : number;
        }

        _hasAny = true;
        return true;
    }

    /// <summary>Whatever was added: nothing can be said for the client's writes.</summary>
    public void Void() => Array.Clear(_least);

    public ReadOnlySpan<byte> WriteTo(ReplyBuilder builder)
    {
        if (_least.Length > 1) builder.Array(_least.Length);
        foreach (long number in _least) builder.Integer(number);
        return builder.Written;
    }
}
