namespace RespProxy.LoadTests.Report;

/// <summary>The samples of one run, asked by workload and target.</summary>
internal sealed class SampleSet(IReadOnlyList<Sample> samples)
{
    public IReadOnlyList<Sample> All => samples;

    public IEnumerable<Sample> Of(string workload, string target) =>
        samples.Where(sample => sample.Workload == workload && sample.Target == target);

    /// <summary>The spread of one figure over the repetitions; repetitions without the figure do not count.</summary>
    public Spread? Figure(string workload, string target, Func<Sample, double?> figure) =>
        Spread.Of(Of(workload, target).Select(figure).OfType<double>());

    /// <summary>
    /// The ratio of one figure between two targets, computed within each repetition, where both met the same
    /// state of the machine, and only then spread. A repetition that lacks one of the two, or whose reference
    /// is not positive, does not count.
    /// </summary>
    public Spread? Ratio(string workload, string target, string reference, Func<Sample, double?> figure) =>
        Spread.Of(
            from mine in Of(workload, target)
            join theirs in Of(workload, reference) on mine.Repetition equals theirs.Repetition
            let dividend = figure(mine)
            let divisor = figure(theirs)
            where dividend is not null && divisor is > 0
            select dividend.Value / divisor.Value);

    /// <summary>
    /// The same for what a target adds to a baseline (latency over direct): (target - baseline) divided by
    /// (reference - baseline), within each repetition.
    /// </summary>
    public Spread? AddedRatio(string workload, string target, string reference, string baseline, Func<Sample, double?> figure) =>
        Spread.Of(
            from mine in Of(workload, target)
            join theirs in Of(workload, reference) on mine.Repetition equals theirs.Repetition
            join ground in Of(workload, baseline) on mine.Repetition equals ground.Repetition
            let dividend = figure(mine) - figure(ground)
            let divisor = figure(theirs) - figure(ground)
            where dividend is not null && divisor is > 0
            select dividend.Value / divisor.Value);
}
