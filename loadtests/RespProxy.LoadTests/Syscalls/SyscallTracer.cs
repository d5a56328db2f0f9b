using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Syscalls;

/// <summary>A program that counts the system calls of another process.</summary>
internal abstract class SyscallTracer
{
    /// <summary>What counts and what that does to the figures, for the reader of the table: "counted by ...".</summary>
    public abstract string Method { get; }

    /// <summary>False: a traced proxy is too slow for a fixed rate, so that such a row would count something else.</summary>
    public abstract bool CanKeepUp { get; }

    /// <summary>Counts from now on, until <see cref="ISyscallTrace.EndAsync"/>.</summary>
    /// <exception cref="LoadFailedException">The process may not be traced, or is gone.</exception>
    public abstract Task<ISyscallTrace> AttachAsync(int pid, CancellationToken cancellation);

    /// <summary>The first program that is here and may trace <paramref name="pid"/>; null, and the reasons in <paramref name="reasons"/>, when there is none.</summary>
    public static async Task<SyscallTracer?> FindAsync(int pid, WorkDirectory directory, ICollection<string> reasons, CancellationToken cancellation)
    {
        foreach (var (name, create) in new (string, Func<string, SyscallTracer>)[]
            { ("perf", path => new PerfStat(path, directory)), ("strace", path => new Strace(path, directory)) })
        {
            if (Executables.Find(name) is not { } path)
            {
                reasons.Add($"{name} is not here");
                continue;
            }
            try
            {
                SyscallTracer tracer = create(path);
                await using ISyscallTrace trace = await tracer.AttachAsync(pid, cancellation);
                _ = await trace.EndAsync(cancellation);
                return tracer;
            }
            catch (Exception error) when (error is LoadFailedException or FormatException or IOException)
            {
                reasons.Add($"{name}: {error.Message.Split('\n')[0]}");
            }
        }
        return null;
    }
}

/// <summary>Counting under way. Disposing ends it, with or without a result.</summary>
internal interface ISyscallTrace : IAsyncDisposable
{
    /// <summary>Stops counting and lets the process go on untraced.</summary>
    /// <exception cref="LoadFailedException">The tracer failed.</exception>
    /// <exception cref="FormatException">The tracer's summary is not as expected.</exception>
    Task<SyscallCounts> EndAsync(CancellationToken cancellation);
}
