using RespProxy.Protocol.Resp;

namespace RespProxy.Protocol.Tests.Resp;

/// <summary>A node connection's input in front of a scanner: what is incomplete stays, whole replies go.</summary>
internal sealed class NodeInput
{
    private ReplyScanner _scanner;
    private byte[] _unread = [];

    /// <summary>The lengths of the replies found, in order.</summary>
    public List<int> Lengths { get; } = [];

    /// <summary>Incomplete replies are taken away as far as they have come.</summary>
    public bool TakesParts { get; init; }

    /// <summary>What was taken, parts and last parts.</summary>
    public List<byte> Taken { get; } = [];

    public bool IsInvalid { get; private set; }

    public int Unread => _unread.Length;

    public static NodeInput Of(IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var input = new NodeInput();
        foreach (ReadOnlyMemory<byte> piece in pieces) input.Arrive(piece.Span);
        return input;
    }

    public void Arrive(ReadOnlySpan<byte> piece)
    {
        _unread = [.. _unread, .. piece];
        while (_unread.Length > 0 && !IsInvalid)
        {
            ScanStatus status = _scanner.Scan(_unread, out int length);
            IsInvalid = status == ScanStatus.Invalid;
            if (status == ScanStatus.Incomplete) Assert.True(_scanner.Needed == 0 || _scanner.Needed > _unread.Length);
            if (status == ScanStatus.Incomplete && TakesParts) Take(_scanner.TakePart(_unread));
            if (status != ScanStatus.Complete) return;
            Assert.InRange(length, 1, _unread.Length);
            Lengths.Add(length);
            Taken.AddRange(_unread.AsSpan(0, length));
            _unread = _unread[length..];
        }
    }

    private void Take(int length)
    {
        Assert.InRange(length, 0, _unread.Length);
        Taken.AddRange(_unread.AsSpan(0, length));
        _unread = _unread[length..];
    }
}
