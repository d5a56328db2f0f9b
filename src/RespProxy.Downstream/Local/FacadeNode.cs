using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using RespProxy.Downstream.Sessions;

namespace RespProxy.Downstream.Local;

/// <summary>
/// The one node that the cluster view shows. Its id is derived from its address, so that it stays the same over restarts, and over all proxies that
/// announce the same address, as those behind one load balancer do.
/// </summary>
/// <param name="Host">A name or an address, IPv6 without brackets, as Redis has it.</param>
/// <param name="Port">TCP port.</param>
internal readonly record struct FacadeNode(string Host, int Port)
{
    /// <summary>40 hex digits, as of Redis's node ids.</summary>
    public string Id => Digest("node");

    /// <summary>40 hex digits.</summary>
    public string ShardId => Digest("shard");

    /// <summary>As the listener announces it, or else where the client has connected to: <paramref name="reached"/>, "address:port".</summary>
    public static FacadeNode Of(SessionOrigin origin, string reached)
    {
        if (origin.Announce is { } announced) return new FacadeNode(announced.Host, announced.Port);
        var local = IPEndPoint.Parse(reached);
        // A client of a socket that takes both families knows the address by its IPv4 form.
        IPAddress address = local.Address.IsIPv4MappedToIPv6 ? local.Address.MapToIPv4() : local.Address;
        return new FacadeNode(address.ToString(), local.Port);
    }

    private string Digest(string role)
    {
        byte[] name = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{role} {Host.ToLowerInvariant()} {Port}"));
        return Convert.ToHexStringLower(SHA256.HashData(name).AsSpan(0, 20));
    }
}
