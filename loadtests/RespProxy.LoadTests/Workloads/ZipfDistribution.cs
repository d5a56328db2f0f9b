namespace RespProxy.LoadTests.Workloads;

/// <summary>Draws indexes below a count so that index k has weight 1 / (k + 1)^exponent: few keys get most requests.</summary>
internal sealed class ZipfDistribution
{
    private readonly double[] _cumulative;

    public ZipfDistribution(int count, double exponent)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _cumulative = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++)
            _cumulative[i] = sum += Math.Pow(i + 1, -exponent);
        for (int i = 0; i < count; i++)
            _cumulative[i] /= sum;
    }

    /// <summary>The index at <paramref name="position"/> in [0, 1).</summary>
    public int IndexAt(double position)
    {
        int found = Array.BinarySearch(_cumulative, position);
        return Math.Min(found >= 0 ? found + 1 : ~found, _cumulative.Length - 1);
    }
}
