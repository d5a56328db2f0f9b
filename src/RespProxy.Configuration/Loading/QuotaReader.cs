namespace RespProxy.Configuration.Loading;

/// <summary>A tenant's quota, and where usage comes from.</summary>
internal static class QuotaReader
{
    private const long Pebibyte = 1L << 50;

    /// <summary>Below the peak itself a quota would be passed by what was there before; more than this is a mistake in writing.</summary>
    private const decimal MinFactor = 1, MaxFactor = 100;

    public static QuotaSnapshot ReadQuota(Section section)
    {
        if (!section.Has("peak"))
            section.Error("peak", "is missing; write the most memory that the tenant has used, as peak: 2GiB");
        QuotaPlatform platform = section.Choice("platform", QuotaPlatform.Vm, ("vm", QuotaPlatform.Vm), ("container", QuotaPlatform.Container));
        return new QuotaSnapshot
        {
            Peak = section.Size("peak", 1, 1, Pebibyte),
            Factor = section.Number("factor", QuotaSnapshot.FactorOf(platform), MinFactor, MaxFactor),
            Enforce = section.Flag("enforce", fallback: false),
        };
    }

    public static UsageSnapshot ReadUsage(Section section)
    {
        var defaults = new UsageSnapshot();
        string? file = section.Text("file");
        if (file is not null && (!Path.IsPathFullyQualified(file) || Path.EndsInDirectorySeparator(file)))
            section.Error("file", $"{Suggestion.Quote(file)} is not an absolute path of a file");
        return new UsageSnapshot
        {
            File = file,
            Period = section.Duration("period", defaults.Period, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
        };
    }
}
