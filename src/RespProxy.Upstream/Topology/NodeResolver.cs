using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// Resolves the host names of nodes. A name is looked up anew on every connection attempt; only attempts within
/// <see cref="FreshFor"/> of each other (the loops', after a node restarts) share one answer. Any thread.
/// </summary>
/// <param name="time">The clock of the cache.</param>
/// <param name="lookup">Name to addresses, in order of preference; null for the system's resolver.</param>
public sealed class NodeResolver(TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? lookup = null)
{
    /// <summary>How long an answer is used. Shorter than any DNS TTL in practice, longer than a burst of reconnects.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookup = lookup ?? Dns.GetHostAddressesAsync;
    private readonly ConcurrentDictionary<string, Answer> _answers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where to connect to for a node. Completes at once when the host is an address.</summary>
    /// <param name="address">The node.</param>
    /// <param name="attempt">Failed attempts before this one: the next of a name's addresses is taken, round and round.</param>
    /// <param name="cancellation">Ends the look-up.</param>
    /// <exception cref="SocketException">The name does not resolve.</exception>
    public ValueTask<IPEndPoint> ResolveAsync(NodeAddress address, int attempt = 0, CancellationToken cancellation = default)
    {
        return IPAddress.TryParse(address.Host, out IPAddress? literal)
            ? new ValueTask<IPEndPoint>(new IPEndPoint(literal, address.Port))
            : PickAsync(address, attempt, cancellation);
    }

    /// <summary>Every end point of a node, at least one, in order of preference.</summary>
    /// <exception cref="SocketException">The name does not resolve.</exception>
    public async ValueTask<IReadOnlyList<IPEndPoint>> ResolveAllAsync(NodeAddress address, CancellationToken cancellation = default)
    {
        if (IPAddress.TryParse(address.Host, out IPAddress? literal)) return [new IPEndPoint(literal, address.Port)];
        IPAddress[] found = await LookUpAsync(address.Host, cancellation).ConfigureAwait(false);
        return [.. found.Distinct().Select(ip => new IPEndPoint(ip, address.Port))];
    }

    /// <summary>Forgets what is cached: the next resolution asks anew.</summary>
    public void Forget(string host) => _answers.TryRemove(host, out _);

    private async ValueTask<IPEndPoint> PickAsync(NodeAddress address, int attempt, CancellationToken cancellation)
    {
        IReadOnlyList<IPEndPoint> all = await ResolveAllAsync(address, cancellation).ConfigureAwait(false);
        return all[(int)((uint)attempt % (uint)all.Count)];
    }

    private async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellation)
    {
        if (_answers.TryGetValue(host, out Answer? known) && time.GetElapsedTime(known.At) < FreshFor) return known.Addresses;
        IPAddress[] found = await _lookup(host, cancellation).ConfigureAwait(false);
        if (found.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        _answers[host] = new Answer(found, time.GetTimestamp());
        return found;
    }

    private sealed record Answer(IPAddress[] Addresses, long At);
}
