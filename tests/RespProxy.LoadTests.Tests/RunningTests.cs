using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Running;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Tests;

public class RunningTests
{
    [Fact]
    public void Every_cell_runs_once_and_each_target_goes_first_equally_often()
    {
        var cells = CellOrder.Interleave(repetitions: 3, workloads: 4, targets: 3).ToList();

        Assert.Equal(3 * 4 * 3, cells.Distinct().Count());
        Assert.All(cells.Chunk(3).GroupBy(row => row[0].Target), first => Assert.Equal(4, first.Count()));
        Assert.All(cells.Chunk(3), row => Assert.Single(row.DistinctBy(cell => (cell.Repetition, cell.Workload))));
    }

    [Theory]
    [InlineData(3, 18, 6)] // the full comparison
    [InlineData(3, 18, 7)] // with predixy
    [InlineData(2, 18, 4)] // --quick
    public void No_target_has_a_place_in_the_row_much_more_often_than_another(int repetitions, int workloads, int targets)
    {
        var rows = CellOrder.Interleave(repetitions, workloads, targets).Chunk(targets).ToList();

        for (int place = 0; place < targets; place++)
        {
            int[] times = [.. Enumerable.Range(0, targets).Select(target => rows.Count(row => row[place].Target == target))];
            Assert.InRange(times.Max() - times.Min(), 0, repetitions);
        }
    }

    [Fact]
    public void Zipf_gives_the_first_index_the_share_of_its_weight()
    {
        ZipfDistribution zipf = new(count: 3, exponent: 1); // weights 1, 1/2, 1/3: shares 6/11, 3/11, 2/11

        Assert.Equal([0, 0, 1, 1, 2, 2], new[] { 0, 0.54, 0.55, 0.81, 0.82, 0.9999999 }.Select(zipf.IndexAt));
    }

    [Fact]
    public void A_generated_section_is_replaced_and_nothing_else()
    {
        const string document = "# T\n<!-- begin:a -->\nold\n<!-- end -->\nkept\n<!-- begin:b -->\nb\n<!-- end -->\n";

        Assert.Equal(
            "# T\n<!-- begin:a -->\nnew\n<!-- end -->\nkept\n<!-- begin:b -->\nb\n<!-- end -->\n",
            DocsSection.Replace(document, "a", "new\n"));
        Assert.Throws<FormatException>(() => DocsSection.Replace(document, "c", "new"));
    }

    [Fact]
    public void All_workloads_run_unless_some_are_named()
    {
        Assert.Equal(WorkloadCatalog.All, WorkloadCatalog.Select([]));
        Assert.Equal(["set-c50", "get-idle5000"], WorkloadCatalog.Select(["get-idle5000", "set-c50"]).Select(workload => workload.Name));
        Assert.Throws<ArgumentException>(() => WorkloadCatalog.Select(["nonsense"]));
    }

    [Fact]
    public void Idle_connections_stay_out_of_the_mean_of_rows_without_them() =>
        Assert.Null(Assert.Single(WorkloadCatalog.Select(["get-idle5000"])).Family);

    [Theory]
    [InlineData(1234.4, "1234")]
    [InlineData(12.345, "12.3")]
    [InlineData(0.1, "0.10")]
    [InlineData(0.0451, "0.045")]
    [InlineData(-0.0451, "-0.045")]
    [InlineData(0, "0.00")]
    public void A_figure_keeps_digits_that_say_something(double value, string expected) => Assert.Equal(expected, Format.Figure(value));
}
