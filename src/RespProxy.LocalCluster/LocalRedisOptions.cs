namespace RespProxy.LocalCluster;

/// <summary>What one throwaway server, or every node of a throwaway cluster, is started with.</summary>
public record LocalRedisOptions
{
    /// <summary>ACL user that may do everything; the default user is then switched off. Null leaves only the default user.</summary>
    public string? Username { get; init; }

    /// <summary>Password of <see cref="Username"/> or, without one, of the default user. Null for none.</summary>
    public string? Password { get; init; }

    /// <summary>Further <c>redis-server</c> arguments, such as <c>--maxmemory 10mb</c>; they win over ours.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>The executable; null looks for redis-server, then valkey-server, in PATH and the system's sbin folders.</summary>
    public string? RedisServerPath { get; init; }

    /// <summary>How long a server may take from exec to its first PONG, and a cluster to agree on its slots.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>The shape of a throwaway cluster.</summary>
public sealed record LocalClusterOptions : LocalRedisOptions
{
    /// <summary>Primaries; the 16,384 slots are dealt evenly over them.</summary>
    public int Primaries { get; init; } = 3;

    /// <summary>Replicas in all, dealt round robin over the primaries.</summary>
    public int Replicas { get; init; } = 3;

    /// <summary>
    /// <c>cluster-node-timeout</c>: how long a silent node stays trusted. Nodes look at each other at least twice
    /// in this time, so a short one also makes roles spread faster; a failover takes about twice as long.
    /// </summary>
    public TimeSpan NodeTimeout { get; init; } = TimeSpan.FromSeconds(2);
}
