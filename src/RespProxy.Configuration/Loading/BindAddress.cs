namespace RespProxy.Configuration.Loading;

/// <summary>Where a listener binds, from <c>tcp://host:port</c>, <c>host:port</c> or <c>unix:///path</c>.</summary>
internal readonly record struct BindAddress(string? Host, int Port, string? UnixPath)
{
    /// <summary>sockaddr_un holds 108 bytes, the last a zero (man 7 unix).</summary>
    private const int MaxUnixPath = 107;

    /// <summary>What is wrong, or null.</summary>
    public static string? Parse(string text, out BindAddress address)
    {
        address = default;
        if (text.StartsWith("unix:", StringComparison.Ordinal))
            return ParseUnix(text, out address);
        bool tcp = text.StartsWith("tcp://", StringComparison.Ordinal);
        if (!tcp && text.Contains("://", StringComparison.Ordinal))
            return "write tcp://host:port, unix:///path or host:port";

        string? wrong = Values.ParseAddress(tcp ? text["tcp://".Length..] : text, minPort: 0, out NodeAddress node);
        if (wrong is null)
            address = new BindAddress(node.Host, node.Port, null);
        return wrong;
    }

    private static string? ParseUnix(string text, out BindAddress address)
    {
        address = default;
        if (!text.StartsWith("unix:///", StringComparison.Ordinal) || text.Length == "unix:///".Length)
            return "a Unix socket needs an absolute path: unix:///run/respproxy.sock";
        string path = text["unix://".Length..];
        if (path.Contains('\0', StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetByteCount(path) > MaxUnixPath)
            return $"the path of a Unix socket is at most {MaxUnixPath} bytes, without zeros";
        address = new BindAddress(null, 0, path);
        return null;
    }

    /// <summary>True when the system would refuse to bind both: the same path, or the same port on hosts that include each other.</summary>
    public static bool Collide(BindAddress left, BindAddress right)
    {
        if (left.UnixPath is not null || right.UnixPath is not null)
            return left.UnixPath == right.UnixPath;
        if (left.Host is null || right.Host is null || left.Port != right.Port || left.Port == 0)
            return false;
        return IsAny(left.Host) || IsAny(right.Host) || Canonical(left.Host) == Canonical(right.Host);
    }

    private static bool IsAny(string host) => host is "0.0.0.0" || Canonical(host) is "::";

    private static string Canonical(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1"
        : System.Net.IPAddress.TryParse(host, out System.Net.IPAddress? address) ? address.ToString()
        : host.ToLowerInvariant();
}
