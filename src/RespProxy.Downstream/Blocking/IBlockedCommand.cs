namespace RespProxy.Downstream.Blocking;

/// <summary>A command that waits at the nodes for as long as it takes. The client's later requests wait with it. Loop thread only.</summary>
internal interface IBlockedCommand
{
    void Start();

    /// <summary>The client is gone: the nodes must not go on for it.</summary>
    void Cancel();

    /// <summary>CLIENT UNBLOCK. False when it has nothing at a node to be unblocked.</summary>
    bool Unblock(bool withError);
}
