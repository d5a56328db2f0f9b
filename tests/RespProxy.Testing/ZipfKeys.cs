using System.Globalization;

namespace RespProxy.Testing;

/// <summary>Keys drawn as many applications use theirs: the n-th most frequent one in proportion to 1 / n^s. The same for the same seed.</summary>
public sealed class ZipfKeys
{
    private readonly Random _random;
    private readonly double[] _upTo;

    /// <param name="keys">How many there are.</param>
    /// <param name="exponent">s: the larger, the more uneven.</param>
    /// <param name="seed">Of the draws.</param>
    public ZipfKeys(int keys, double exponent, int seed)
    {
        _random = new Random(seed);
        _upTo = new double[keys];
        double sum = 0;
        for (int i = 0; i < keys; i++) _upTo[i] = sum += 1 / Math.Pow(i + 1, exponent);
    }

    /// <summary>0 for the most frequent key.</summary>
    public int NextRank()
    {
        int found = Array.BinarySearch(_upTo, _random.NextDouble() * _upTo[^1]);
        return Math.Min(found < 0 ? ~found : found, _upTo.Length - 1);
    }

    public static string NameOf(int rank) => string.Create(CultureInfo.InvariantCulture, $"key:{rank:D8}");
}
