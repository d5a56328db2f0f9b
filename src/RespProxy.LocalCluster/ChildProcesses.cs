using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RespProxy.LocalCluster;

/// <summary>
/// Starts children that die with us, however we die, and that a Ctrl-C in our terminal doesn't reach before we have
/// drained.
/// </summary>
/// <remarks>
/// <c>setpriv --pdeathsig KILL</c> asks the kernel to kill the child when its parent ends (prctl(2),
/// PR_SET_PDEATHSIG). The kernel means the *thread* that forked, so all children are forked by one thread that lives
/// as long as the program. <c>setsid</c> gives the child a session of its own. Both come with util-linux; where they
/// are missing the child is started plainly. Each execs the next, so the child's pid is the server's.
/// </remarks>
internal static partial class ChildProcesses
{
    // signal(7): the numbers differ between Linux and the BSD family.
    public static readonly int SignalContinue = OperatingSystem.IsMacOS() ? 19 : 18;
    public static readonly int SignalStop = OperatingSystem.IsMacOS() ? 17 : 19;
    private static readonly BlockingCollection<Action> Work = [];

    private static readonly Lazy<string[]> Wrapper = new(() =>
        OperatingSystem.IsLinux() && RedisServerBinary.Find("setsid") is { } setsid && RedisServerBinary.Find("setpriv") is { } setpriv
            ? [setsid, setpriv, "--pdeathsig", "KILL"]
            : []);

    static ChildProcesses() =>
        new Thread(() =>
        {
            foreach (Action work in Work.GetConsumingEnumerable())
                work();
        })
        { IsBackground = true, Name = "children" }.Start();

    /// <summary>Starts a program with its standard streams redirected (input is closed at once).</summary>
    public static Task<Process> StartAsync(string program, IEnumerable<string> arguments, string workingDirectory)
    {
        string[] command = [.. Wrapper.Value, program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                Process process = Process.Start(start)!;
                process.StandardInput.Close();
                started.SetResult(process);
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
            {
                started.SetException(new LocalClusterException($"could not start {program}: {e.Message}", e));
            }
        });
        return started.Task;
    }

    /// <summary>Sends a signal; false when the process is gone.</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
