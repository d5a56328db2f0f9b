using System.Globalization;
using RespProxy.LoadTests.Measuring;

namespace RespProxy.LoadTests.Report;

/// <summary>
/// One start of a proxy: milliseconds to the first PONG, then resident bytes idle and with idle connections; the bytes of
/// its binary and of its container image, if there is one here.
/// </summary>
internal sealed record FootprintSample(
    string Target, double StartMs, long IdleBytes, IReadOnlyDictionary<int, long> BytesByConnections, long BinaryBytes, ContainerImageSize? Image);

/// <summary>The table of starts, memory and sizes.</summary>
internal static class FootprintReport
{
    public static string ToMarkdown(IReadOnlyList<FootprintSample> samples, IReadOnlyList<int> connectionSteps)
    {
        MarkdownTable table = new(
            "Start, memory and sizes",
            ["start to first PONG, ms", "idle, MiB", .. connectionSteps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{step:N0} idle connections, MiB")),
             "MiB per 1,000 connections", "binary, MiB", "image, MiB unpacked", "image, MiB compressed"]);
        foreach (IGrouping<string, FootprintSample> target in samples.GroupBy(sample => sample.Target))
        {
            string Median(Func<FootprintSample, double> figure, Func<double, string> format) =>
                Format.MedianOnly(Spread.Of(target.Select(figure)), format);
            table.Add(target.Key,
            [
                Format.WithSpread(Spread.Of(target.Select(sample => sample.StartMs)), Format.Figure),
                Median(sample => sample.IdleBytes, Format.MebiBytes),
                .. connectionSteps.Select(step => Median(sample => sample.BytesByConnections[step], Format.MebiBytes)),
                Median(sample => MebiBytesPer1000(sample, connectionSteps), Format.Figure),
                Median(sample => sample.BinaryBytes, Format.MebiBytes),
                Size(target, image => image.UnpackedBytes),
                Size(target, image => image.CompressedBytes),
            ]);
        }
        return table.ToString();
    }

    /// <summary>The growth between the first and the last step, so that what the first connections cause once does not count.</summary>
    private static double MebiBytesPer1000(FootprintSample sample, IReadOnlyList<int> steps) =>
        1000.0 * (sample.BytesByConnections[steps[^1]] - sample.BytesByConnections[steps[0]]) / (1024 * 1024) / (steps[^1] - steps[0]);

    private static string Size(IEnumerable<FootprintSample> target, Func<ContainerImageSize, long> bytes) =>
        target.First().Image is { } image ? Format.MebiBytes(bytes(image)) : Format.Absent;
}
