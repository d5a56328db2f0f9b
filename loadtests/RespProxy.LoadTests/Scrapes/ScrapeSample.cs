namespace RespProxy.LoadTests.Scrapes;

/// <summary>What scrapes of one number of tenants cost.</summary>
/// <param name="Tenants">Each with as many commands used as <see cref="ScrapedProxy.Commands"/>.</param>
/// <param name="Series">Lines that are no comments.</param>
/// <param name="Bytes">Of the plain text.</param>
/// <param name="ZippedBytes">Of the same with gzip.</param>
/// <param name="Milliseconds">Of each scrape without gzip, from the request to the last byte.</param>
/// <param name="ZippedMilliseconds">Of each with gzip.</param>
/// <param name="AllocatedBytes">Managed bytes that the proxy allocated from one scrape to the next.</param>
/// <param name="ResidentBytes">The proxy's memory before the first scrape.</param>
/// <param name="PeakBytes">The most it had during all scrapes.</param>
internal sealed record ScrapeSample(
    int Tenants, int Series, int Bytes, int ZippedBytes, IReadOnlyList<double> Milliseconds, IReadOnlyList<double> ZippedMilliseconds, double AllocatedBytes, long ResidentBytes, long PeakBytes);
