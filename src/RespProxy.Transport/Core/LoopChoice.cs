namespace RespProxy.Transport.Core;

internal static class LoopChoice
{
    /// <summary>The loop with the fewest accepted connections, the first of equals.</summary>
    public static LoopCore Fewest(LoopCore[] loops)
    {
        var best = loops[0];
        int fewest = best.AcceptedCount;
        for (int i = 1; i < loops.Length; i++)
        {
            int count = loops[i].AcceptedCount;
            if (count < fewest)
                (best, fewest) = (loops[i], count);
        }

        return best;
    }
}
