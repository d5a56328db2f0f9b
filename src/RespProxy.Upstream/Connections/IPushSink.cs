namespace RespProxy.Upstream.Connections;

/// <summary>Hears what a node sends over one connection without being asked (RESP3 pushes). Called on the loop's thread; must not throw.</summary>
public interface IPushSink
{
    /// <summary>A whole push. It stands where the node put it: behind the replies taken so far, before those still to come. The bytes are valid during the call only.</summary>
    void OnPush(NodeConnection from, ReadOnlySpan<byte> push);

    /// <summary>The connection is gone, and what the node would have pushed over it. Called before its requests in flight are failed or sent again.</summary>
    void OnLost(NodeConnection connection);
}
