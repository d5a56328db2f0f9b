using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RespProxy.Transport.Epoll;

/// <summary>The system's <c>struct epoll_event</c>: 32 bits of events, 64 of our token; packed on x86-64 only.</summary>
internal static unsafe class EpollEvents
{
    public const uint In = 1;
    public const uint Out = 4;
    public const uint Error = 8;
    public const uint HangUp = 16;
    public const int LargestEntry = 16;

    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    private static int EntrySize => IsPacked ? 12 : 16;

    private static int TokenOffset => IsPacked ? 4 : 8;

    public static void Write(byte* entry, uint events, ulong token)
    {
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + TokenOffset, token);
    }

    public static uint Read(byte* entries, int index, out ulong token)
    {
        byte* entry = entries + (index * EntrySize);
        token = Unsafe.ReadUnaligned<ulong>(entry + TokenOffset);
        return Unsafe.ReadUnaligned<uint>(entry);
    }
}
