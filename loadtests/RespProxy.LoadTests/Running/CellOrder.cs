namespace RespProxy.LoadTests.Running;

/// <summary>
/// The order of cells: every target of a workload runs right after the other, and who goes first rotates with
/// repetition and workload, so that a drift of the machine and a favourable place are shared out.
/// </summary>
internal static class CellOrder
{
    public static IEnumerable<(int Repetition, int Workload, int Target)> Interleave(int repetitions, int workloads, int targets)
    {
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            for (int workload = 0; workload < workloads; workload++)
            {
                for (int turn = 0; turn < targets; turn++)
                    yield return (repetition, workload, (turn + repetition + workload) % targets);
            }
        }
    }
}
