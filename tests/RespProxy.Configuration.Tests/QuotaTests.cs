namespace RespProxy.Configuration.Tests;

/// <summary>A tenant's quota, and where usage comes from, as written.</summary>
public class QuotaTests
{
    private static string Tenant(string text) => Loading.Minimal + "\n    " + text;

    private static QuotaSnapshot? Quota(string text) => Loading.Valid(Tenant(text)).Tenants[0].Quota;

    [Fact]
    public void Without_one_a_tenant_has_no_quota_and_no_file_is_watched()
    {
        ProxySnapshot snapshot = Loading.Valid(Loading.Minimal);
        Assert.Null(snapshot.Tenants[0].Quota);
        Assert.Null(snapshot.Usage.File);
    }

    [Theory]
    [InlineData("quota: {peak: 2GiB}", 4L << 30)]
    [InlineData("quota: {peak: 2GiB, platform: vm}", 4L << 30)]
    [InlineData("quota: {peak: 2GiB, platform: container}", 3L << 30)]
    [InlineData("quota: {peak: 2GiB, factor: 1}", 2L << 30)]
    [InlineData("quota: {peak: 1000, factor: 1.25, platform: container}", 1250L)]
    public void The_quota_is_the_peak_times_what_the_platform_or_the_factor_says(string text, long bytes)
    {
        Assert.Equal(bytes, Quota(text)!.Bytes);
        Assert.False(Quota(text)!.Enforce);
    }

    [Fact]
    public void A_quota_is_enforced_where_that_is_written() => Assert.True(Quota("quota: {peak: 1, enforce: true}")!.Enforce);

    [Theory]
    [InlineData("quota: {factor: 2}", "tenants[0].quota.peak: is missing; write the most memory that the tenant has used, as peak: 2GiB")]
    [InlineData("quota: {peak: 0}", "tenants[0].quota.peak: '0' is out of range; from 1 to 1048576gb")]
    [InlineData("quota: {peak: 1, factor: 0.5}", "tenants[0].quota.factor: '0.5' is not a number from 1 to 100, with two decimals at most")]
    [InlineData("quota: {peak: 1, factor: 1.333}", "tenants[0].quota.factor: '1.333' is not a number from 1 to 100, with two decimals at most")]
    [InlineData("quota: {peak: 1, factor: two}", "tenants[0].quota.factor: 'two' is not a number from 1 to 100, with two decimals at most")]
    [InlineData("quota: {peak: 1, platform: lxc}", "tenants[0].quota.platform: 'lxc' is not allowed here; allowed: vm, container")]
    [InlineData("quota: {peak: 1, enforced: true}", "tenants[0].quota: unknown key 'enforced'; did you mean 'enforce'?")]
    public void A_wrong_quota_is_told(string text, string expected) =>
        Assert.Contains(expected, Assert.Single(Loading.Errors(Tenant(text))), StringComparison.Ordinal);

    [Fact]
    public void A_file_of_usage_is_watched()
    {
        UsageSnapshot usage = Loading.Valid(Loading.With("usage: {file: /run/usage, period: 1s}")).Usage;
        Assert.Equal(("/run/usage", TimeSpan.FromSeconds(1)), (usage.File, usage.Period));
    }

    [Theory]
    [InlineData("usage")]
    [InlineData("/run/")]
    public void A_file_of_usage_has_an_absolute_path(string path) =>
        Assert.Contains($"usage.file: '{path}' is not an absolute path of a file", Assert.Single(Loading.Errors(Loading.With($"usage: {{file: {path}}}"))), StringComparison.Ordinal);
}
