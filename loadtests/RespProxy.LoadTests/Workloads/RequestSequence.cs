using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Workloads;

/// <summary>
/// Requests encoded beforehand, handed out in turn: generating costs nothing while measuring, and the fixed
/// seed gives every target the same requests.
/// </summary>
internal sealed class RequestSequence
{
    private const int Length = 1 << 16;
    private const int Seed = 20_240_101;

    /// <summary>The usual skew of cache traffic; YCSB's default.</summary>
    private const double ZipfExponent = 0.99;

    private readonly byte[][] _requests;
    private int _next;

    private RequestSequence(byte[][] requests)
    {
        _requests = requests;
    }

    public ReadOnlySpan<byte> Next() => _requests[_next++ & (Length - 1)];

    public static RequestSequence UniformGets(KeySpace keys)
    {
        Random random = new(Seed);
        byte[][] gets = Gets(keys);
        return new(Draw(() => gets[random.Next(keys.Count)]));
    }

    /// <summary>Reads and writes of Zipf-distributed keys; <paramref name="readShare"/> of them are reads.</summary>
    public static RequestSequence ZipfMix(KeySpace keys, double readShare)
    {
        Random random = new(Seed);
        ZipfDistribution zipf = new(keys.Count, ZipfExponent);
        byte[][] gets = Gets(keys);
        byte[][] sets = [.. Enumerable.Range(0, keys.Count).Select(i => RespClient.Encode("SET", keys.Key(i), keys.Value))];
        return new(Draw(() => (random.NextDouble() < readShare ? gets : sets)[zipf.IndexAt(random.NextDouble())]));
    }

    private static byte[][] Gets(KeySpace keys) =>
        [.. Enumerable.Range(0, keys.Count).Select(i => RespClient.Encode("GET", keys.Key(i)))];

    private static byte[][] Draw(Func<byte[]> request) => [.. Enumerable.Range(0, Length).Select(_ => request())];
}
