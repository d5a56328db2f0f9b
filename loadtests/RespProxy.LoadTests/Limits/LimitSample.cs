namespace RespProxy.LoadTests.Limits;

/// <summary>What the clients of one cell saw.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Seconds">Length of the measured time, after the burst was used up.</param>
/// <param name="Accepted">Commands that ran in it.</param>
/// <param name="Refused">Commands answered with the limit's error in it.</param>
/// <param name="Possible">
/// Commands that an exact bucket would have let pass of those asked, moment by moment. Clients that wait for their turn ask for no more than they
/// get, so that it says something only where the limit rejects.
/// </param>
/// <param name="TotalSeconds">From the first request to the end of the measured time.</param>
/// <param name="TotalAccepted">Commands that ran from the first request on.</param>
internal sealed record LimitSample(LimitCell Cell, double Seconds, long Accepted, long Refused, double Possible, double TotalSeconds, long TotalAccepted)
{
    /// <summary>Commands that ran, as a multiple of what the rate allows.</summary>
    public double Ratio => Accepted / (Cell.Rate * Seconds);

    /// <summary>Commands asked for, as a multiple of what the rate allows.</summary>
    public double Demand => (Accepted + Refused) / (Cell.Rate * Seconds);

    /// <summary>What is wrong where more ran, or waited less, than may be; null: nothing.</summary>
    public string? Excess
    {
        get
        {
            if (TotalAccepted > (Cell.Rate * TotalSeconds * (1 + LimitCell.Tolerance)) + Cell.Burst)
                return FormattableString.Invariant($"{TotalAccepted} commands ran in {TotalSeconds:0.00} s: more than the rate and the burst");
            if (Accepted > (Cell.Rate * Seconds * (1 + LimitCell.Tolerance)) + Cell.Burst)
                return FormattableString.Invariant($"{Ratio:0.000} of the rate: too many");
            return Cell.Action == LimitAction.Delay && Refused > 0 ? $"{Refused} commands were refused before the longest delay" : null;
        }
    }

    /// <summary>Less ran than was possible, or, where clients wait, than the rate allows: they may not have asked for it.</summary>
    public bool IsShort
    {
        get
        {
            double expected = Cell.Action == LimitAction.Reject ? Possible : Cell.Rate * Seconds;
            return Accepted < (expected * (1 - LimitCell.Tolerance)) - 1; // a window may hold one less, whatever the rate
        }
    }

    /// <summary>What is wrong where <see cref="IsShort"/> is the limit's fault.</summary>
    public string Shortage => FormattableString.Invariant($"{Ratio:0.000} of the rate: too few");
}
