using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RespProxy.LoadTests.Load;

/// <summary>
/// Level-triggered epoll for readable sockets, with a timeout in nanoseconds: an open loop at 10,000 requests
/// a second has 100 us between them, which epoll_wait's milliseconds can't express. Needs Linux 5.11 and
/// glibc 2.35 (epoll_pwait2). One thread.
/// </summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000; // EPOLL_CLOEXEC
    private const int ControlAdd = 1; // EPOLL_CTL_ADD
    private const uint Readable = 1; // EPOLLIN
    private const int Interrupted = 4; // EINTR
    private const int SetTimerSlack = 29; // PR_SET_TIMERSLACK
    private const int Capacity = 512;

    // epoll_event is packed on x86-64 (12 bytes) and naturally aligned elsewhere (16).
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int TagOffset = EventSize - 8;

    private readonly byte[] _events = new byte[Capacity * 16];
    private readonly int _descriptor;

    public Epoll()
    {
        _descriptor = Check(EpollCreate(CloseOnExec));
    }

    /// <summary>Reports <paramref name="descriptor"/> by <paramref name="tag"/> whenever it is readable or closed.</summary>
    public void Add(int descriptor, int tag)
    {
        byte* one = stackalloc byte[16];
        *(uint*)one = Readable;
        *(long*)(one + TagOffset) = tag;
        _ = Check(EpollControl(_descriptor, ControlAdd, descriptor, one));
    }

    /// <summary>Waits up to <paramref name="nanoseconds"/> and writes the tags of the ready sockets.</summary>
    public int Wait(long nanoseconds, Span<int> ready)
    {
        long* timeout = stackalloc long[2];
        timeout[0] = nanoseconds / 1_000_000_000;
        timeout[1] = nanoseconds % 1_000_000_000;
        fixed (byte* events = _events)
        {
            int count = EpollWait(_descriptor, events, Math.Min(Capacity, ready.Length), timeout, null);
            if (count < 0 && Marshal.GetLastPInvokeError() == Interrupted)
                return 0;
            _ = Check(count);
            for (int i = 0; i < count; i++)
                ready[i] = (int)*(long*)(events + i * EventSize + TagOffset);
            return count;
        }
    }

    /// <summary>Lets this thread's timed waits end when asked, not up to 50 us later (the default timer slack).</summary>
    public static void UsePreciseTimers() => _ = Check(ProcessControl(SetTimerSlack, 1, 0, 0, 0));

    public void Dispose() => _ = Close(_descriptor);

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static partial int EpollWait(int epoll, byte* events, int maxEvents, long* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
