namespace RespProxy.Control.Admin;

/// <summary>Lets a line into the log once a second, so that whoever can provoke it cannot fill the disk. Any thread.</summary>
internal sealed class LogBrake(TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _last;
    private int _suppressed;

    /// <summary>True: write the line, and say how many were left out since the one before.</summary>
    public bool TryPass(out int suppressed)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            suppressed = _suppressed;
            if (_last != 0 && time.GetElapsedTime(_last, now) < TimeSpan.FromSeconds(1))
            {
                _suppressed++;
                return false;
            }

            _last = now;
            _suppressed = 0;
            return true;
        }
    }
}
