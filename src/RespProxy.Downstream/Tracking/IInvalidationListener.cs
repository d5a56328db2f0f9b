using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Tracking;

/// <summary>Hears what the nodes of one upstream say of tracked keys, over the shared connections of one loop. Called on the loop's thread.</summary>
internal interface IInvalidationListener
{
    /// <summary>A key, as the nodes call it, has changed.</summary>
    void OnInvalidated(ReadOnlySpan<byte> upstreamKey);

    /// <summary>A node has forgotten everything (FLUSHALL there).</summary>
    void OnAllInvalidated();

    /// <summary>A connection that tracked is gone: of what was read over it nothing will be heard.</summary>
    void OnLost(NodeConnection connection);
}
