using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace RespProxy.Hosting;

/// <summary>
/// The pages of files that this process has mapped, does not write, and has touched: of the executable and of the system's libraries. The kernel maps up to 16 around each one that is touched, and
/// takes none back while memory is plentiful, so that a process that has started holds on to all that its start went through. Released, they stay in the page cache; what is touched again is
/// mapped again, a minor fault for 64 KiB. Linux only: elsewhere there is nothing to find.
/// </summary>
internal static partial class MappedPages
{
    private const string Mappings = "/proc/self/smaps";

    /// <summary>MADV_DONTNEED: the next touch reads the file again (https://man7.org/linux/man-pages/man2/madvise.2.html).</summary>
    private const int DoNotNeed = 4;

    /// <summary>The mappings whose every page is the file's own, by their first and last address. None where the system tells of none.</summary>
    public static HashSet<(ulong Start, ulong End)> Find()
    {
        var found = new HashSet<(ulong, ulong)>();
        if (!OperatingSystem.IsLinux()) return found;
        var mapping = new Mapping();
        using var reader = new LineReader(Mappings);
        while (reader.TryRead(out ReadOnlySpan<byte> line))
        {
            if (Mapping.TryParse(line, out Mapping next)) mapping = next;
            else if (mapping.IsCandidate && IsNotZero(line, "Anonymous:"u8, "Swap:"u8)) mapping = default;
            else if (mapping.IsCandidate && line.StartsWith("VmFlags:"u8)) found.Add((mapping.Start, mapping.End));
        }

        return found;
    }

    /// <summary>Releases mappings, and answers of how many the kernel took it.</summary>
    /// <param name="mappings">
    /// Found twice, with some time between: one that is just being loaded may have pages written for its addresses, which would be lost.
    /// </param>
    public static int Release(IEnumerable<(ulong Start, ulong End)> mappings)
    {
        int released = 0;
        foreach ((ulong start, ulong end) in mappings)
        {
            if (Advise((nint)start, (nuint)(end - start), DoNotNeed) == 0) released++;
        }

        return released;
    }

    /// <summary>Gives back what the C library's allocator holds and nobody uses: the runtime's compiler has taken it, and is done. Nothing where it is not glibc.</summary>
    public static void ReleaseFreed()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = TrimHeaps(keep: 0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl gives back by itself.
        }
    }

    private static bool IsNotZero(ReadOnlySpan<byte> line, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        int length = line.StartsWith(first) ? first.Length : line.StartsWith(second) ? second.Length : 0;
        return length > 0 && (!Utf8Parser.TryParse(line[length..].TrimStart((byte)' '), out long kibiBytes, out _) || kibiBytes != 0);
    }

    /// <summary>All heaps, down to <paramref name="keep"/> bytes at their ends (https://man7.org/linux/man-pages/man3/malloc_trim.3.html).</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeaps(nuint keep);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    /// <summary>The head of a mapping in /proc/PID/smaps: <c>7f00-7f40 r-xp 00001000 08:01 1234   /path</c>.</summary>
    private readonly record struct Mapping(ulong Start, ulong End, bool IsCandidate)
    {
        public static bool TryParse(ReadOnlySpan<byte> line, out Mapping mapping)
        {
            mapping = default;
            if (!Utf8Parser.TryParse(line, out ulong start, out int length, 'x') || length == line.Length || line[length] != '-') return false;
            line = line[(length + 1)..];
            if (!Utf8Parser.TryParse(line, out ulong end, out length, 'x') || line.Length < length + 5) return false;
            ReadOnlySpan<byte> access = line.Slice(length + 1, 4);
            int path = line.IndexOf((byte)'/');
            // A device's or a memory file's pages are no file's to read again.
            bool isFile = path > 0 && !line[path..].StartsWith("/memfd:"u8) && !line[path..].StartsWith("/dev/"u8);
            mapping = new Mapping(start, end, isFile && access[0] == 'r' && access[1] == '-');
            return true;
        }
    }

    /// <summary>Lines of a file of the kernel's, without an allocation for each.</summary>
    private sealed class LineReader(string path) : IDisposable
    {
        private readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        private readonly byte[] _buffer = new byte[16 * 1024];
        private int _start;
        private int _end;

        /// <summary>The next line, good until the next call; false at the end.</summary>
        public bool TryRead(out ReadOnlySpan<byte> line)
        {
            while (true)
            {
                line = _buffer.AsSpan(_start, _end - _start);
                int length = line.IndexOf((byte)'\n');
                if (length >= 0)
                {
                    line = line[..length];
                    _start += length + 1;
                    return true;
                }

                line.CopyTo(_buffer);
                (_start, _end) = (0, line.Length);
                int read = _file.Read(_buffer.AsSpan(_end));
                if (read == 0) return false;
                _end += read;
            }
        }

        public void Dispose() => _file.Dispose();
    }
}
