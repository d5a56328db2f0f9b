namespace RespProxy.Downstream.Placements;

/// <summary>
/// Holds a tenant's clients until its placement is checked, once per process; opened, it stays open. The first client that comes starts the check. A check that
/// reached no node fails those who waited for it, and the next request starts another; one that refused the tenant is done again from time to
/// time, so that setting the upstream right needs no restart. Any thread.
/// </summary>
internal sealed class PlacementGate(Func<CancellationToken, Task<PlacementVerdict>> check, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan RecheckAfter = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private List<Action> _waiting = [];
    private PlacementVerdict? _last;
    private bool _isChecking;
    private long _checkedAt;
    private int _attempt;
    private volatile bool _isOpen;

    public bool IsOpen => _isOpen;

    /// <summary>
    /// Null: the client may go on when <see cref="IsOpen"/>, and waits otherwise: <paramref name="resume"/> is then called, on any thread, when it is worth asking again.
    /// A verdict: the request is to be answered with it.
    /// </summary>
    /// <param name="waitedFor">The check that the client has waited for; 0 for none.</param>
    /// <param name="resume">Kept and called once if the client has to wait.</param>
    /// <param name="attempt">What to give the next time.</param>
    public PlacementVerdict? Enter(int waitedFor, Action resume, out int attempt)
    {
        lock (_lock)
        {
            attempt = 0;
            if (_isOpen) return null;
            if (!_isChecking)
            {
                bool isFresh = _last is not null && (_last.Kind == PlacementVerdictKind.Refused ? time.GetElapsedTime(_checkedAt) < RecheckAfter : waitedFor == _attempt);
                if (isFresh) return _last;
                _isChecking = true;
                _attempt++;
                _ = Task.Run(RunAsync, CancellationToken.None);
            }

            attempt = _attempt;
            _waiting.Add(resume);
            return null;
        }
    }

    private async Task RunAsync()
    {
        PlacementVerdict verdict = PlacementVerdict.Unreachable;
        try
        {
            verdict = await check(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The proxy ends.
        }
        finally
        {
            Conclude(verdict);
        }
    }

    private void Conclude(PlacementVerdict verdict)
    {
        List<Action> waiting;
        lock (_lock)
        {
            _last = verdict;
            _checkedAt = time.GetTimestamp();
            _isChecking = false;
            _isOpen = verdict.Kind == PlacementVerdictKind.Good;
            waiting = _waiting;
            _waiting = [];
        }

        foreach (Action resume in waiting) resume();
    }
}
