using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Configuration;

/// <summary>What a caller of the admin API may, and what a route of it needs.</summary>
public enum AdminAccess
{
    /// <summary>Nothing; a route that needs nothing is open to everybody.</summary>
    None,

    /// <summary>Look at everything.</summary>
    Read,

    /// <summary>Change things, too.</summary>
    Write,
}

/// <summary>The admin endpoint: health, readiness, metrics, the admin API.</summary>
public sealed record AdminSnapshot
{
    public bool Enabled { get; init; } = true;

    public string Host { get; init; } = "127.0.0.1";

    public int Port { get; init; } = 9180;

    /// <summary>Callers from this machine may do without a token.</summary>
    public bool AllowLoopback { get; init; } = true;

    /// <summary>/metrics is not open to everybody: scrapers need what readers of the API need.</summary>
    public bool MetricsToken { get; init; }

    public ImmutableArray<AdminTokenSnapshot> Tokens { get; init; } = [];

    /// <summary>Null: plain HTTP.</summary>
    public AdminTlsSnapshot? Tls { get; init; }

    /// <summary>By what the list holds: two loads of one text are equal.</summary>
    public bool Equals(AdminSnapshot? other) =>
        other is not null
        && (Enabled, Host, Port, AllowLoopback, MetricsToken) == (other.Enabled, other.Host, other.Port, other.AllowLoopback, other.MetricsToken)
        && Tls == other.Tls
        && Tokens.SequenceEqual(other.Tokens);

    public override int GetHashCode() => HashCode.Combine(Enabled, Host, Port, AllowLoopback, MetricsToken, Tls, Tokens.Length);
}

/// <summary>A bearer token of the admin API.</summary>
public sealed record AdminTokenSnapshot
{
    /// <summary>Stands in the log and in histories for whoever shows it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public required ImmutableArray<byte> Hash { get; init; }

    public AdminAccess Access { get; init; } = AdminAccess.Read;

    /// <summary>By what the hash holds.</summary>
    public bool Equals(AdminTokenSnapshot? other) => other is not null && Name == other.Name && Access == other.Access && Hash.SequenceEqual(other.Hash);

    public override int GetHashCode() => HashCode.Combine(Name, Access, Hash[0]);

    /// <summary>For ToString: not even the hash, which can be guessed against.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Name = {Name}, Access = {Access}");
        return true;
    }
}

/// <summary>TLS of the admin endpoint. Paths of PEM files, absolute; read when the endpoint starts.</summary>
public sealed record AdminTlsSnapshot
{
    /// <summary>The endpoint's certificate, and behind it those between it and its authority.</summary>
    public required string Certificate { get; init; }

    public required string Key { get; init; }

    /// <summary>Certificates of the authorities whose client certificates are as good as a write token; null: none are asked for.</summary>
    public string? ClientCertificates { get; init; }
}
