using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>How a control connection logs in, and what it lets a server cost.</summary>
public sealed record NodeControlOptions
{
    /// <summary>CLUSTER SHARDS of 1,000 nodes takes about 250 KB and 40,000 elements.</summary>
    private const int DefaultReplyBytes = 16 * 1024 * 1024, DefaultReplyElements = 1_000_000;

    /// <summary>Null: the default user.</summary>
    public string? Username { get; init; }

    /// <summary>Null: no AUTH is sent.</summary>
    public string? Password { get; init; }

    /// <summary>For each step: a connect, AUTH, and later each request.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Longest reply in bytes.</summary>
    public int MaxReplyBytes { get; init; } = DefaultReplyBytes;

    /// <summary>Most elements of a reply, at all depths together.</summary>
    public int MaxReplyElements { get; init; } = DefaultReplyElements;

    /// <summary>With the upstream's credentials and <see cref="UpstreamSnapshot.ConnectTimeout"/>.</summary>
    public static NodeControlOptions Of(UpstreamSnapshot upstream)
    {
        ArgumentNullException.ThrowIfNull(upstream);
        return new NodeControlOptions { Username = upstream.Username, Password = upstream.Password, Timeout = upstream.ConnectTimeout };
    }

    /// <summary>For ToString: never the password.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Username = {Username}, Password = {(Password is null ? "none" : "***")}, Timeout = {Timeout}");
        return true;
    }
}
