using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Tracking;

/// <summary>
/// The BCAST clients of one namespace on one loop. Every primary is asked, over a connection that no other namespace shares, for
/// the invalidations of all keys with the namespace's prefix; each client gets those that start with its own prefixes.
///
/// <para>Those connections are not the ones that reads take. What they push is put behind every reply the client is owed at
/// that moment: a read that saw the old value was answered by then, or is among these. When one is lost, and again when it
/// is replaced, the clients are told that nothing they have cached is sure.</para>
///
/// Loop thread only.
/// </summary>
internal sealed class Broadcast(UpstreamTracking owner, ProxyLoop loop, UpstreamLoop upstream, KeyNamespace ns)
{
    private readonly Dictionary<Node, BroadcastLink> _links = [];
    private readonly HashSet<ClientTracking> _clients = [];
    private readonly List<Action<bool>> _waiting = [];
    private readonly List<byte[]> _named = [];
    private readonly List<byte[]> _matching = [];

    public KeyNamespace Namespace => ns;

    public ProxyLoop Loop => loop;

    public UpstreamLoop Upstream => upstream;

    public void Begin()
    {
        if (upstream.Map is { } map) FollowMap(map);
    }

    /// <summary>Calls back when every primary has been asked: false when one refused.</summary>
    public void WhenListening(Action<bool> callback)
    {
        _waiting.Add(callback);
        OnSettled();
    }

    public void Join(ClientTracking client) => _clients.Add(client);

    public void Leave(ClientTracking client)
    {
        if (_clients.Remove(client)) RemoveIfUnused();
    }

    /// <summary>Listens to the primaries there are now. What happened before a new one listened nobody has heard: its link says so when it does.</summary>
    public void FollowMap(SlotMap map)
    {
        foreach ((Node node, BroadcastLink link) in _links.ToArray())
        {
            if (map.Primaries.Contains(node)) continue;
            _links.Remove(node);
            link.Close();
            InvalidateAll();
        }

        foreach (Node node in map.Primaries)
        {
            if (_links.ContainsKey(node)) continue;
            var link = new BroadcastLink(this, node);
            _links.Add(node, link);
            link.Open();
        }

        OnSettled();
    }

    public void CheckHealth()
    {
        foreach (BroadcastLink link in _links.Values) link.CheckHealth();
    }

    /// <summary>A link knows what became of its first attempt.</summary>
    public void OnSettled()
    {
        if (_waiting.Count == 0 || _links.Values.Any(link => !link.IsSettled)) return;
        bool isRefused = _links.Values.Any(link => link.IsRefused);
        Action<bool>[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (Action<bool> callback in waiting) callback(!isRefused);
        RemoveIfUnused();
    }

    public void OnPush(ReadOnlySpan<byte> push)
    {
        var cursor = new ReplyCursor(push);
        if (cursor.ReadAggregateHeader() != 2 || !cursor.TryReadBulk(out ReadOnlySpan<byte> kind) || !kind.SequenceEqual("invalidate"u8)) return;
        if (cursor.IsNull)
        {
            InvalidateAll();
            return;
        }

        ReadNames(ref cursor);
        foreach (ClientTracking client in _clients.ToArray()) Tell(client);
    }

    public void InvalidateAll()
    {
        foreach (ClientTracking client in _clients.ToArray()) client.InvalidateAll();
    }

    private void ReadNames(ref ReplyCursor cursor)
    {
        _named.Clear();
        long count = cursor.ReadAggregateHeader();
        for (long i = 0; i < count && cursor.TryReadBulk(out ReadOnlySpan<byte> name); i++)
        {
            if (ns.Decode(name) is { } key) _named.Add(key);
            // Tagged, all databases of a tenant begin alike.
            else if (!ns.IsOfTenant(name)) loop.Counters.IsolationFaults++;
        }
    }

    /// <summary>One push for each prefix, in the prefixes' order, as Redis does.</summary>
    private void Tell(ClientTracking client)
    {
        foreach (byte[] prefix in client.Prefixes)
        {
            _matching.Clear();
            foreach (byte[] key in _named)
            {
                if (key.AsSpan().StartsWith(prefix)) _matching.Add(key);
            }

            if (_matching.Count > 0) client.Invalidate(_matching);
        }
    }

    private void RemoveIfUnused()
    {
        if (_clients.Count > 0 || _waiting.Count > 0) return;
        owner.Remove(this);
        foreach (BroadcastLink link in _links.Values) link.Close();
        _links.Clear();
    }
}
