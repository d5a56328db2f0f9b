using System.Diagnostics;
using System.Globalization;
using RespProxy.CodeProfile.Trace;

namespace RespProxy.CodeProfile.Training;

/// <summary>A <c>respproxy</c> that runs without its precompiled code, so that every method is compiled when it is first used, and told of in a trace.</summary>
internal sealed class TracedProcess : IDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    public TracedProcess(string binary, string trace, params string[] arguments)
    {
        Trace = trace;
        var start = new ProcessStartInfo(binary, arguments);
        start.Environment["DOTNET_ReadyToRun"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_EnableEventPipe"] = "1";
        start.Environment["DOTNET_EventPipeOutputPath"] = trace;
        start.Environment["DOTNET_EventPipeConfig"] = RuntimeTrace.Providers;
        _process = Process.Start(start)!;
    }

    /// <summary>The file of the trace; whole once the process has ended.</summary>
    public string Trace { get; }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <exception cref="OperationCanceledException">It does not.</exception>
    public async Task WaitAsync()
    {
        using var limit = new CancellationTokenSource(EndLimit);
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
    }

    /// <summary>Ends it in good order: only then the runtime finishes the trace.</summary>
    public async Task EndAsync()
    {
        using Process signal = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await WaitAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
