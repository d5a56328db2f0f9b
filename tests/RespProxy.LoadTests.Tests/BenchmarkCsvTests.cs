using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Tests;

public class BenchmarkCsvTests
{
    private const string Header =
        "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"\n";

    [Fact]
    public void Throughput_and_percentiles_are_read_from_their_columns()
    {
        string output = Header + "\"GET k:__rand_int__\",\"327868.84\",\"0.365\",\"0.152\",\"0.303\",\"0.751\",\"1.031\",\"1.783\"\n";

        LoadResult result = BenchmarkCsv.Parse(output, commands: 20_000);

        Assert.Equal(new LoadResult(20_000, 327868.84, 0.303, 1.031), result);
    }

    [Fact]
    public void A_command_with_unescaped_quotes_and_commas_does_not_shift_the_columns()
    {
        string output = Header + "\"SET k\"a\",\"b xx\",\"91743.12\",\"0.290\",\"0.080\",\"0.279\",\"0.391\",\"0.615\",\"1.023\"\n";

        LoadResult result = BenchmarkCsv.Parse(output, commands: 1);

        Assert.Equal((91743.12, 0.279, 0.615), (result.OpsPerSecond, result.P50Ms, result.P99Ms));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Header)]
    [InlineData("GET: 327868.84 requests per second\n")]
    [InlineData(Header + "\"GET\",\"1\"\n")]
    public void Output_without_a_result_is_refused(string output) =>
        Assert.Throws<FormatException>(() => BenchmarkCsv.Parse(output, commands: 1));
}
