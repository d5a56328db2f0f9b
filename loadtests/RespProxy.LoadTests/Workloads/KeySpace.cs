using System.Globalization;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Workloads;

/// <summary>
/// Keys whose values all have one size. Each size has its own keys, so that a workload never meets a value
/// another one wrote. Keys are written as redis-benchmark writes <c>__rand_int__</c>: twelve digits.
/// </summary>
internal sealed record KeySpace(string Prefix, int Count, int ValueBytes)
{
    // Small enough not to make a proxy's buffers grow before they are measured.
    private const int BatchBytes = 32 * 1024;

    public string RandomKey => $"{Prefix}:__rand_int__";

    /// <summary>The same with a hash tag, which redis-benchmark sets so that the key belongs to the node it asks.</summary>
    public string RandomKeyOfNode => $"{Prefix}:{{tag}}:__rand_int__";

    public string Value { get; } = new('x', ValueBytes);

    public string Key(int index) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}:{index:D12}");

    /// <summary>Writes every key through <paramref name="endpoint"/> (a proxy may put them in a namespace of its own).</summary>
    public void Fill(ServerEndpoint endpoint, CancellationToken cancellation)
    {
        using RespClient client = new(endpoint);
        Fill(client, cancellation);
    }

    /// <summary>The same by a client that is connected, as whom it has authenticated.</summary>
    public void Fill(RespClient client, CancellationToken cancellation)
    {
        using MemoryStream batch = new();
        int pending = 0;
        for (int i = 0; i < Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Write(RespClient.Encode("SET", Key(i), Value));
            pending++;
            if (batch.Length < BatchBytes && i < Count - 1)
                continue;
            _ = client.Send(batch.GetBuffer().AsSpan(0, (int)batch.Length), pending);
            batch.SetLength(0);
            pending = 0;
        }
    }
}
