namespace RespProxy.LoadTests.Report;

/// <summary>One start of a proxy: milliseconds to the first PONG, then resident bytes idle and with idle connections.</summary>
internal sealed record FootprintSample(
    string Target, double StartMs, long IdleBytes, IReadOnlyDictionary<int, long> BytesByConnections, long BinaryBytes);

/// <summary>The table of starts and memory.</summary>
internal static class FootprintReport
{
    public static string ToMarkdown(IReadOnlyList<FootprintSample> samples, IReadOnlyList<int> connectionSteps)
    {
        MarkdownTable table = new(
            "Start and memory",
            ["start to first PONG, ms", "idle, MiB", .. connectionSteps.Select(step => $"{step:N0} idle connections, MiB"),
             "KiB per connection", "binary, MiB"]);
        foreach (IGrouping<string, FootprintSample> target in samples.GroupBy(sample => sample.Target))
        {
            string Median(Func<FootprintSample, double> figure, Func<double, string> format) =>
                Format.MedianOnly(Spread.Of(target.Select(figure)), format);
            table.Add(target.Key,
            [
                Format.WithSpread(Spread.Of(target.Select(sample => sample.StartMs)), Format.Figure),
                Median(sample => sample.IdleBytes, Format.MebiBytes),
                .. connectionSteps.Select(step => Median(sample => sample.BytesByConnections[step], Format.MebiBytes)),
                Median(sample => KibiBytesPerConnection(sample, connectionSteps), Format.Figure),
                Median(sample => sample.BinaryBytes, Format.MebiBytes),
            ]);
        }
        return table.ToString();
    }

    /// <summary>The growth between the first and the last step, so that what the first connections cause once does not count.</summary>
    private static double KibiBytesPerConnection(FootprintSample sample, IReadOnlyList<int> steps) =>
        (sample.BytesByConnections[steps[^1]] - sample.BytesByConnections[steps[0]]) / 1024.0 / (steps[^1] - steps[0]);
}
