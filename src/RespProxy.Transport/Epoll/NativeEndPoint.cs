using System.Net;
using System.Net.Sockets;

namespace RespProxy.Transport.Epoll;

/// <summary>Socket addresses between the system's form and the framework's, which keeps the former inside <see cref="SocketAddress"/>.</summary>
internal static class NativeEndPoint
{
    private const int LargestAddress = 128; // sizeof(struct sockaddr_storage)
    private const ushort InternetFamily = 2;
    private const ushort InternetFamily6 = 10;
    private const ushort UnixFamily = 1;
    private const int UnixPathOffset = 2;

    /// <summary>The system's number for the family; 0 when there is none here.</summary>
    public static int Family(EndPoint endPoint) => endPoint.AddressFamily switch
    {
        AddressFamily.InterNetwork => InternetFamily,
        AddressFamily.InterNetworkV6 => InternetFamily6,
        AddressFamily.Unix => UnixFamily,
        _ => 0,
    };

    public static ReadOnlySpan<byte> Address(EndPoint endPoint)
    {
        var address = endPoint.Serialize();
        return address.Buffer.Span[..address.Size];
    }

    /// <summary>The descriptor's own or its peer's address; null when it has none (an unnamed Unix socket, a dead connection).</summary>
    public static EndPoint? Of(int descriptor, bool ofPeer)
    {
        Span<byte> bytes = stackalloc byte[LargestAddress];
        int length = Libc.GetName(descriptor, ofPeer, bytes);
        if (length < UnixPathOffset)
            return null;
        bytes = bytes[..length];
        return BitConverter.ToUInt16(bytes) switch
        {
            InternetFamily => Internet(bytes, AddressFamily.InterNetwork, IPAddress.Any),
            InternetFamily6 => Internet(bytes, AddressFamily.InterNetworkV6, IPAddress.IPv6Any),
            UnixFamily => Unix(bytes[UnixPathOffset..]),
            _ => null,
        };
    }

    private static EndPoint Internet(ReadOnlySpan<byte> bytes, AddressFamily family, IPAddress any)
    {
        var address = new SocketAddress(family, bytes.Length);
        bytes.CopyTo(address.Buffer.Span);
        return new IPEndPoint(any, 0).Create(address);
    }

    private static UnixDomainSocketEndPoint? Unix(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path[0] == 0)
            return null;
        return new UnixDomainSocketEndPoint(System.Text.Encoding.UTF8.GetString(path.TrimEnd((byte)0)));
    }
}
