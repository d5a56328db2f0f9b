using System.Security.Cryptography;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Upstream.Connections;

/// <summary>
/// An ACL user that the proxy sets up at the nodes, to send what must not reach further than some keys and channels
/// (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/). Immutable.
///
/// <para>All proxies of a configuration come to the same name, password and rules, so that they share the user. The name ends in a
/// digest of these: another version's rules, or another password, make another user, and none takes away what the other's connections stand on.</para>
/// </summary>
public sealed class ConfinedUser
{
    private readonly byte[][] _patterns;

    /// <param name="owner">Whose it is; in the name, for people, and in the password.</param>
    /// <param name="upstream">
    /// Its password is what only the proxies know. Where it has none, anyone who can connect to the nodes may do anything there already,
    /// and this user's password is no secret either.
    /// </param>
    /// <param name="keyPatterns">Globs of the keys it may read and write.</param>
    /// <param name="channelPatterns">Globs of the channels it may use.</param>
    public ConfinedUser(string owner, UpstreamSnapshot upstream, IEnumerable<byte[]> keyPatterns, IEnumerable<byte[]> channelPatterns)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(upstream);
        _patterns = [.. keyPatterns.Select(pattern => Rule('~', pattern)), .. channelPatterns.Select(pattern => Rule('&', pattern))];
        byte[] secret = Encoding.UTF8.GetBytes(upstream.Password ?? "");
        Password = Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes("respproxy script user " + owner)));
        Name = $"respproxy:{owner}:{Digest()}";
    }

    public string Name { get; }

    private string Password { get; }

    /// <summary>ACL SETUSER with everything the user is; it replaces the user as a whole, in one step, and leaves its connections alone.</summary>
    /// <param name="commands">What it may run, of what the node knows.</param>
    internal byte[][] SetUserArguments(IEnumerable<string> commands) =>
    [
        "ACL"u8.ToArray(), "SETUSER"u8.ToArray(), Encoding.UTF8.GetBytes(Name),
        // The hash, not the password: MONITOR and the slow log show arguments.
        "reset"u8.ToArray(), "on"u8.ToArray(), Encoding.ASCII.GetBytes("#" + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Password)))),
        "resetkeys"u8.ToArray(), "resetchannels"u8.ToArray(), .. _patterns, "-@all"u8.ToArray(),
        .. commands.Select(command => Encoding.ASCII.GetBytes("+" + command)),
    ];

    /// <summary>AUTH as this user, as a request; to be sent only where the node has the user.</summary>
    public byte[] AuthRequest() => new ReplyBuilder().Start(resp3: false).Array(3).Bulk("AUTH").Bulk(Name).Bulk(Password).Written.ToArray();

    private string Digest()
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        all.AppendData(Encoding.ASCII.GetBytes(Password));
        foreach (byte[] argument in SetUserNothing()) all.AppendData(argument);
        return Convert.ToHexStringLower(all.GetHashAndReset().AsSpan(0, 4));
    }

    private IEnumerable<byte[]> SetUserNothing() => [.. _patterns, .. ConfinedCommands.All.Select(Encoding.ASCII.GetBytes)];

    private static byte[] Rule(char kind, byte[] pattern) => [(byte)kind, .. pattern];
}
