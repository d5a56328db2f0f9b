namespace RespProxy.Transport.Core;

/// <summary>
/// Work for a loop from any thread, in the order posted. The loop tests one volatile flag per turn and takes the lock only
/// when something was posted.
/// </summary>
/// <param name="wake">Wakes the loop. Called under the lock, so never after <see cref="Close"/>.</param>
internal sealed class Mailbox(Action wake)
{
    private readonly Lock _gate = new();
    private List<Action> _incoming = [];
    private List<Action> _running = [];
    private volatile bool _hasMail;
    private bool _closed;

    public bool HasMail => _hasMail;

    /// <summary>False when the mailbox is closed.</summary>
    public bool Post(Action work)
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            _incoming.Add(work);
            if (!_hasMail)
            {
                // Only the first of a batch wakes the loop.
                _hasMail = true;
                wake();
            }

            return true;
        }
    }

    /// <summary>Runs what was posted before this call; what that posts in turn waits for the next. The loop's thread.</summary>
    public void Run(Action<Exception> report)
    {
        lock (_gate)
        {
            (_incoming, _running) = (_running, _incoming);
            _hasMail = false;
        }

        foreach (var work in _running)
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                report(e);
            }
        }

        _running.Clear();
    }

    /// <summary>Refuses what is posted from now on. What was posted before can still be run.</summary>
    public void Close()
    {
        lock (_gate)
            _closed = true;
    }
}
