using System.Runtime.InteropServices;

namespace RespProxy.Transport.Epoll;

/// <summary>
/// The system calls of the epoll transport. Each returns what the system returned, or the negated errno; interrupted calls
/// are made again here, so EINTR is never seen above. Numbers are those of Linux on x86-64 and arm64 (asm-generic).
/// </summary>
internal static unsafe partial class Libc
{
    public const int ErrorAgain = 11;
    public const int ErrorTooManyFilesInSystem = 23;
    public const int ErrorTooManyFiles = 24;
    public const int ErrorNoBuffers = 105;
    public const int ErrorNoMemory = 12;
    public const int ErrorInProgress = 115;
    public const int ErrorBrokenPipe = 32;
    public const int ErrorConnectionReset = 104;

    public const int CloseOnExec = 0x80000; // EPOLL_CLOEXEC, EFD_CLOEXEC, SOCK_CLOEXEC
    public const int NonBlocking = 0x800;   // EFD_NONBLOCK, SOCK_NONBLOCK

    private const string Library = "libc";
    private const int Interrupted = 4;
    private const int NoSignal = 0x4000;    // MSG_NOSIGNAL
    private const int StreamSocket = 1;     // SOCK_STREAM
    private const int ShutDownWriting = 1;  // SHUT_WR
    private const int SocketLevel = 1;      // SOL_SOCKET
    private const int PendingError = 4;     // SO_ERROR

    // recv and send are cancellation points: in a process with threads the C library takes two atomic steps around each, for pthread_cancel, which
    // nobody calls here. syscall() does without. Numbers: asm/unistd_64.h, asm-generic/unistd.h; 0: use the library's own.
    private static readonly nint SendNumber = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 44, Architecture.Arm64 => 206, _ => 0 };
    private static readonly nint ReceiveNumber = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 45, Architecture.Arm64 => 207, _ => 0 };

    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    public static int EpollCreate() => Result(EpollCreate1(CloseOnExec));

    public static int EpollControl(int epoll, EpollOperation operation, int descriptor, uint events, ulong token)
    {
        byte* entry = stackalloc byte[EpollEvents.LargestEntry];
        EpollEvents.Write(entry, events, token);
        return Result(EpollCtl(epoll, (int)operation, descriptor, entry));
    }

    public static int EpollWait(int epoll, byte* entries, int count, int milliseconds)
    {
        // An interrupted wait is a turn without events: the caller computes its time-out anew.
        int result = Result(EpollWaitNative(epoll, entries, count, milliseconds));
        return result == -Interrupted ? 0 : result;
    }

    public static int EventDescriptor() => Result(EventFd(0, CloseOnExec | NonBlocking));

    public static void Signal(int eventDescriptor)
    {
        ulong one = 1;
        while (Write(eventDescriptor, &one, sizeof(ulong)) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
    }

    public static void ClearSignal(int eventDescriptor)
    {
        ulong count;
        while (Read(eventDescriptor, &count, sizeof(ulong)) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
    }

    public static int Socket(int addressFamily) => Result(SocketNative(addressFamily, StreamSocket | CloseOnExec | NonBlocking, 0));

    public static int Connect(int descriptor, ReadOnlySpan<byte> address)
    {
        fixed (byte* p = address)
        {
            // An interrupted connect goes on by itself, like one in progress.
            int result = Result(ConnectNative(descriptor, p, address.Length));
            return result == -Interrupted ? -ErrorInProgress : result;
        }
    }

    /// <summary>The new connection's descriptor, non-blocking.</summary>
    public static int Accept(int listener)
    {
        int result;
        do
            result = Result(Accept4(listener, null, null, CloseOnExec | NonBlocking));
        while (result == -Interrupted);
        return result;
    }

    public static int Receive(int descriptor, ArraySegment<byte> room)
    {
        fixed (byte* p = room.AsSpan())
        {
            int result;
            do
                result = Result(ReceiveNumber != 0 ? SystemCall(ReceiveNumber, descriptor, p, (nuint)room.Count, 0, 0, 0) : Recv(descriptor, p, (nuint)room.Count, 0));
            while (result == -Interrupted);
            return result;
        }
    }

    public static int Send(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            int result;
            do
                result = Result(SendNumber != 0 ? SystemCall(SendNumber, descriptor, p, (nuint)bytes.Length, NoSignal, 0, 0) : SendNative(descriptor, p, (nuint)bytes.Length, NoSignal));
            while (result == -Interrupted);
            return result;
        }
    }

    /// <summary>The error a connection has met, as an errno; 0 for none.</summary>
    public static int TakeSocketError(int descriptor)
    {
        int error = 0;
        int length = sizeof(int);
        int result = Result(GetSockOpt(descriptor, SocketLevel, PendingError, &error, &length));
        return result < 0 ? -result : error;
    }

    public static void SetOption(int descriptor, int level, int name, int value) =>
        _ = SetSockOpt(descriptor, level, name, &value, sizeof(int));

    /// <summary>Fills <paramref name="address"/>; the length of the address, or the negated errno.</summary>
    public static int GetName(int descriptor, bool ofPeer, Span<byte> address)
    {
        int length = address.Length;
        fixed (byte* p = address)
        {
            int result = Result(ofPeer ? GetPeerName(descriptor, p, &length) : GetSockName(descriptor, p, &length));
            return result < 0 ? result : Math.Min(length, address.Length);
        }
    }

    public static void ShutDownOutput(int descriptor) => _ = Shutdown(descriptor, ShutDownWriting);

    /// <summary>Not repeated when interrupted: Linux has released the descriptor all the same.</summary>
    public static void Close(int descriptor) => _ = CloseNative(descriptor);

    private static int Result(nint result) => result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate1(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollCtl(int epoll, int operation, int descriptor, byte* entry);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWaitNative(int epoll, byte* entries, int count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    private static partial int SocketNative(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    private static partial int ConnectNative(int descriptor, byte* address, int length);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept4(int descriptor, void* address, int* length, int flags);

    /// <summary>sendto or recvfrom: syscall(2). It is variadic in C; integers go the same way as to any other function on both architectures.</summary>
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint descriptor, byte* buffer, nuint length, nint flags, nint address, nint addressLength);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    private static partial nint Recv(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    private static partial nint SendNative(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetSockOpt(int descriptor, int level, int name, void* value, int* length);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetSockOpt(int descriptor, int level, int name, void* value, int length);

    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    private static partial int GetSockName(int descriptor, byte* address, int* length);

    [LibraryImport(Library, EntryPoint = "getpeername", SetLastError = true)]
    private static partial int GetPeerName(int descriptor, byte* address, int* length);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    private static partial int Shutdown(int descriptor, int how);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    private static partial int CloseNative(int descriptor);
}

internal enum EpollOperation
{
    Add = 1,
    Remove = 2,
    Modify = 3,
}
