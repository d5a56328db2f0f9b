using System.Diagnostics;
using System.Runtime.InteropServices;
using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Syscalls;

/// <summary>A tracer as a child, in the C locale, all its streams redirected. Disposing ends it.</summary>
internal sealed partial class TracerProcess : IAsyncDisposable
{
    private const int Interrupt = 2; // SIGINT
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly string _name;

    public TracerProcess(string binary, IEnumerable<string> arguments)
    {
        _name = Path.GetFileName(binary);
        ProcessStartInfo start = new(binary, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        _process = Process.Start(start) ?? throw new LoadFailedException($"{_name} did not start");
    }

    /// <exception cref="LoadFailedException">It ended before it printed a line with <paramref name="sign"/> to standard output.</exception>
    public Task WaitForOutputAsync(string sign, CancellationToken cancellation) => WaitForAsync(_process.StandardOutput, sign, cancellation);

    /// <summary>The same on standard error.</summary>
    public Task WaitForErrorAsync(string sign, CancellationToken cancellation) => WaitForAsync(_process.StandardError, sign, cancellation);

    /// <summary>All that it prints to standard output until it ends.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken cancellation)
    {
        Task<string> errors = _process.StandardError.ReadToEndAsync(cancellation);
        string text = await _process.StandardOutput.ReadToEndAsync(cancellation);
        _ = await errors;
        return text;
    }

    /// <summary>Ends its standard input and waits until it is done.</summary>
    public Task EndInputAsync(CancellationToken cancellation)
    {
        _process.StandardInput.Close();
        return WaitForEndAsync(cancellation);
    }

    /// <summary>Sends it SIGINT, as Ctrl-C does, and waits until it is done.</summary>
    public Task InterruptAsync(CancellationToken cancellation)
    {
        if (!_process.HasExited)
            _ = Kill(_process.Id, Interrupt);
        return WaitForEndAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private async Task WaitForAsync(StreamReader stream, string sign, CancellationToken cancellation)
    {
        List<string> lines = [];
        await WithinLimitAsync(async limit =>
        {
            while (await stream.ReadLineAsync(limit) is { } line)
            {
                lines.Add(line);
                if (line.Contains(sign, StringComparison.Ordinal))
                    return;
            }
            if (stream != _process.StandardError)
                lines.AddRange((await _process.StandardError.ReadToEndAsync(limit)).Split('\n'));
            throw new LoadFailedException(lines.FirstOrDefault(line => line.Trim().Length > 0)?.Trim() ?? $"{_name} said nothing");
        }, cancellation);
    }

    private Task WaitForEndAsync(CancellationToken cancellation) => WithinLimitAsync(_process.WaitForExitAsync, cancellation);

    private async Task WithinLimitAsync(Func<CancellationToken, Task> wait, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            await wait(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new LoadFailedException($"{_name} was not done after {Limit.TotalSeconds:0} s");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
