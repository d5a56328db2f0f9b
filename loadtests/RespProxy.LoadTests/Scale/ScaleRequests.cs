using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Scale;

/// <summary>What the connections of a load send, encoded beforehand. One thread.</summary>
internal abstract class ScaleRequests
{
    /// <summary>What a connection sends before the load begins; nothing, if it need not say who it is.</summary>
    public virtual ReadOnlySpan<byte> First(int connection) => [];

    public abstract ReadOnlySpan<byte> Next(int connection);
}

/// <summary>GETs of random keys.</summary>
internal sealed class RandomGets(KeySpace keys) : ScaleRequests
{
    private readonly RequestSequence _gets = RequestSequence.UniformGets(keys);

    public override ReadOnlySpan<byte> Next(int connection) => _gets.Next();
}

/// <summary>
/// GETs of random keys of many tenants. Connection n is tenant n's, modulo the number of tenants; or each connection becomes the next tenant's, by AUTH, after so
/// many GETs, so that all tenants are in use however many connections there are.
/// </summary>
internal sealed class TenantGets : ScaleRequests
{
    private readonly RequestSequence _gets;
    private readonly byte[][] _authentications;
    private readonly int _getsPerTenant;
    private readonly int[] _getsLeft;
    private int _nextTenant;

    /// <param name="tenants">Their names, which are their passwords.</param>
    /// <param name="keys">Of each tenant.</param>
    /// <param name="connections">All there will be.</param>
    /// <param name="getsPerTenant">GETs until a connection becomes another tenant's; 0 for never.</param>
    public TenantGets(IReadOnlyList<string> tenants, KeySpace keys, int connections, int getsPerTenant)
    {
        _gets = RequestSequence.UniformGets(keys);
        _authentications = [.. tenants.Select(tenant => RespClient.Encode("AUTH", tenant, tenant))];
        _getsPerTenant = getsPerTenant;
        // Not all at once: neighbours are at different points of their turn.
        _getsLeft = [.. Enumerable.Range(0, connections).Select(connection => getsPerTenant == 0 ? int.MaxValue : connection % getsPerTenant)];
        _nextTenant = connections % tenants.Count;
    }

    public override ReadOnlySpan<byte> First(int connection) => _authentications[connection % _authentications.Length];

    public override ReadOnlySpan<byte> Next(int connection)
    {
        if (_getsPerTenant == 0 || _getsLeft[connection]-- > 0)
            return _gets.Next();
        _getsLeft[connection] = _getsPerTenant;
        byte[] authentication = _authentications[_nextTenant];
        _nextTenant = (_nextTenant + 1) % _authentications.Length;
        return authentication;
    }
}
