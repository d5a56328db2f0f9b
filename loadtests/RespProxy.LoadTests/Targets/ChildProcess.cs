using System.Diagnostics;

namespace RespProxy.LoadTests.Targets;

/// <summary>A server started for this run, with the end of what it printed. Disposing ends it at once, by its pid.</summary>
internal sealed class ChildProcess : IDisposable
{
    private const int TailLines = 20;

    private readonly Process _process;
    private readonly Queue<string> _tail = new();

    public ChildProcess(string name, string binary, IEnumerable<string> arguments)
    {
        Name = name;
        ProcessStartInfo start = new(binary) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        // Unwinding disposes; this is for an exit that does not unwind.
        AppDomain.CurrentDomain.ProcessExit += EndNow;
        _ = _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The last lines the process printed, for messages about its failure.</summary>
    public string Tail
    {
        get
        {
            lock (_tail)
                return string.Join('\n', _tail);
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndNow;
        EndNow(null, EventArgs.Empty);
        _process.Dispose();
    }

    private void EndNow(object? sender, EventArgs arguments)
    {
        try
        {
            _process.Kill();
            _process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It never started, or has exited and been collected already.
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_tail)
        {
            if (_tail.Count == TailLines)
                _ = _tail.Dequeue();
            _tail.Enqueue(line);
        }
    }
}
