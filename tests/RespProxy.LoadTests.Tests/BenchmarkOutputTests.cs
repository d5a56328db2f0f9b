using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Tests;

/// <summary>Reports are as redis-benchmark 7.0.15 printed them; progress is cut short, and the second distribution is not shown where it does not matter.</summary>
public class BenchmarkOutputTests
{
    private const string Progress = " \rget k:__rand_int__: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)\r                    \r";

    private const string Gets = Progress + """
        ====== get k:__rand_int__ ======
          60000 requests completed in 0.63 seconds
          50 parallel clients
          34 bytes payload
          keep alive: 1
          host configuration "save": 
          host configuration "appendonly": no
          multi-thread: no

        Latency by percentile distribution:
        0.000% <= 0.079 milliseconds (cumulative count 1)
        50.000% <= 0.271 milliseconds (cumulative count 32145)
        99.609% <= 0.663 milliseconds (cumulative count 59773)
        99.805% <= 0.783 milliseconds (cumulative count 59891)
        99.902% <= 0.855 milliseconds (cumulative count 59944)
        99.951% <= 0.967 milliseconds (cumulative count 59972)
        99.998% <= 1.119 milliseconds (cumulative count 60000)
        100.000% <= 1.119 milliseconds (cumulative count 60000)

        Cumulative distribution of latencies:
        0.007% <= 0.103 milliseconds (cumulative count 4)
        99.853% <= 0.807 milliseconds (cumulative count 59912)
        99.928% <= 0.903 milliseconds (cumulative count 59957)
        100.000% <= 1.207 milliseconds (cumulative count 60000)

        Summary:
          throughput summary: 94637.23 requests per second
          latency summary (msec):
                  avg       min       p50       p95       p99       max
                0.273     0.072     0.271     0.335     0.463     1.119

        """;

    /// <summary>All replies of a pipeline have one latency, so that many fall into one bucket, and no line of 99.902 % is printed.</summary>
    private const string PipelinedSets = """
        ====== set k:__rand_int__ xx ======
          30016 requests completed in 0.02 seconds

        Latency by percentile distribution:
        0.000% <= 0.079 milliseconds (cumulative count 64)
        50.000% <= 0.239 milliseconds (cumulative count 16816)
        99.609% <= 0.559 milliseconds (cumulative count 29936)
        99.805% <= 0.575 milliseconds (cumulative count 30000)
        100.000% <= 0.575 milliseconds (cumulative count 30000)

        Summary:
          throughput summary: 1875999.88 requests per second
          latency summary (msec):
                  avg       min       p50       p95       p99       max
                0.246     0.072     0.239     0.343     0.543     0.575

        """;

    [Fact]
    public void Throughput_and_percentiles_are_read_from_the_report() =>
        Assert.Equal(new LoadResult(60_000, 94637.23, 0.271, 0.463, 0.855), BenchmarkOutput.Parse(Gets, commands: 60_000));

    [Fact]
    public void A_bucket_that_holds_several_steps_counts_by_its_replies_not_by_the_step_it_is_printed_for()
    {
        string output = PipelinedSets
            .Replace("99.805% <= 0.575 milliseconds (cumulative count 30000)", "99.805% <= 0.575 milliseconds (cumulative count 29984)", StringComparison.Ordinal)
            .Replace("100.000% <= 0.575", "100.000% <= 0.901", StringComparison.Ordinal);

        Assert.Equal(0.575, BenchmarkOutput.Parse(output, commands: 30_000).P999Ms);
    }

    [Fact]
    public void The_latency_of_the_tail_is_not_below_what_999_of_1000_replies_took()
    {
        // 59,939 of 60,000 are fewer than 99.9 %.
        string output = Gets.Replace("count 59944)", "count 59939)", StringComparison.Ordinal);

        Assert.Equal(0.967, BenchmarkOutput.Parse(output, commands: 60_000).P999Ms);
    }

    [Fact]
    public void A_title_that_looks_like_a_part_of_the_report_is_not_taken_for_it()
    {
        string output = Gets.Replace("get k:__rand_int__ ======", "set k throughput summary: 1.00 requests per second ======", StringComparison.Ordinal);

        Assert.Equal(94637.23, BenchmarkOutput.Parse(output, commands: 60_000).OpsPerSecond);
    }

    [Theory]
    [InlineData("Latency by percentile distribution:")]
    [InlineData("throughput summary:")]
    [InlineData("latency summary (msec):")]
    [InlineData("milliseconds (cumulative count")]
    [InlineData("requests per second")]
    [InlineData("p50")]
    public void A_report_that_lacks_a_part_is_refused(string part) =>
        Assert.Throws<FormatException>(() => BenchmarkOutput.Parse(Gets.Replace(part, "", StringComparison.Ordinal), commands: 1));

    [Fact]
    public void No_report_is_refused() => Assert.Throws<FormatException>(() => BenchmarkOutput.Parse("", commands: 1));
}
