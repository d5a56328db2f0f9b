namespace RespProxy.LocalCluster;

public enum NodeRole
{
    Primary,
    Replica,
}

/// <summary>A node of a throwaway cluster.</summary>
public sealed class LocalNode
{
    internal LocalNode(LocalRedis server, string id, NodeRole role)
    {
        Server = server;
        Id = id;
        Role = role;
    }

    /// <summary>The process behind the node.</summary>
    public LocalRedis Server { get; }

    public string Host => Server.Host;

    public int Port => Server.Port;

    public int Pid => Server.Pid;

    /// <summary>The cluster's 40-digit name of the node; it survives a restart.</summary>
    public string Id { get; }

    /// <summary>The role as of the start or the last <see cref="LocalRedisCluster.RefreshRolesAsync"/>.</summary>
    public NodeRole Role { get; internal set; }

    /// <inheritdoc cref="LocalRedis.CommandAsync(string[])"/>
    public Task<RedisReply> CommandAsync(params string[] arguments) => Server.CommandAsync(arguments);

    /// <summary>Kills the node with SIGKILL. Its replica takes over after about two node timeouts.</summary>
    public Task KillAsync() => Server.KillAsync();

    /// <summary>Stops the node with SIGSTOP: connections stay open, nothing answers.</summary>
    public void Suspend() => Server.Suspend();

    /// <summary>Continues a suspended node.</summary>
    public void Resume() => Server.Resume();

    /// <summary>Starts the node again on its port and with its id, but empty; as a replica if another took its slots.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => Server.RestartAsync(cancellationToken);

    public override string ToString() => $"{Host}:{Port} ({Role})";
}
