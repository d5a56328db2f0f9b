using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Configuration;

/// <summary>A standalone Redis that proxies have in common for their own purposes: rule sets, limits of a whole fleet. Never holds tenants' keys.</summary>
public sealed record ControlRedisSnapshot
{
    /// <summary>At least one; tried in turn until one answers.</summary>
    public required ImmutableArray<NodeAddress> Addresses { get; init; }

    /// <summary>ACL user; null for the default user.</summary>
    public string? Username { get; init; }

    /// <summary>Null: no AUTH is sent.</summary>
    public string? Password { get; init; }

    /// <summary>How long a connect or a command may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>By what the list holds.</summary>
    public bool Equals(ControlRedisSnapshot? other) =>
        other is not null && (Username, Password, Timeout) == (other.Username, other.Password, other.Timeout) && Addresses.SequenceEqual(other.Addresses);

    public override int GetHashCode() => HashCode.Combine(Username, Password, Timeout, Addresses.Length);

    /// <summary>For ToString: never the password.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Addresses = {string.Join(' ', Addresses)}, Username = {Username}, Password = {(Password is null ? "none" : "***")}, Timeout = {Timeout}");
        return true;
    }
}
