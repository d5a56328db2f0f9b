using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace RespProxy.Protocol.Commands;

/// <summary>
/// An immutable set of command names, looked up in any letter case without allocation: once per request, so a few
/// nanoseconds matter.
/// <para>
/// A name of up to 16 bytes is folded to upper case and packed into two words, little-endian and zero-padded. Words and
/// length together are the name, so a slot matches by three comparisons and the text is never walked. The slots are an
/// open-addressing table with linear probing, at most half full; an empty slot has length 0, which no name has.
/// The few longer names (GEORADIUSBYMEMBER, ...) are compared one after the other.
/// </para>
/// </summary>
internal sealed class CommandNames
{
    private const int PackedLength = 16;

    // Odd 64-bit constants with well mixed bits: the golden ratio and xxHash64's second prime.
    private const ulong LowFactor = 0x9E3779B97F4A7C15;
    private const ulong HighFactor = 0xC2B2AE3D27D4EB4F;

    private readonly Slot[] _slots;
    private readonly int _shift;
    private readonly LongName[] _longNames;

    /// <summary>Builds the set.</summary>
    /// <exception cref="ArgumentException">A name is empty, not in upper case, or there twice.</exception>
    public CommandNames(IReadOnlyCollection<(string Name, CommandSpec Spec)> names)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, names.Count * 2));
        _slots = new Slot[size];
        _shift = 64 - BitOperations.Log2((uint)size);
        var longNames = new List<LongName>();
        foreach ((string name, CommandSpec spec) in names)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(name);
            if (bytes.Length == 0 || name.Any(char.IsAsciiLetterLower) || Find(bytes, longNames) is not null)
                throw new ArgumentException($"Command name '{name}' is empty, not in upper case, or there twice.", nameof(names));
            if (bytes.Length > PackedLength) longNames.Add(new LongName(bytes, spec));
            else Insert(bytes, spec);
        }

        _longNames = [.. longNames];
    }

    /// <summary>The row of a name in any letter case, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CommandSpec? Find(ReadOnlySpan<byte> name) =>
        (uint)(name.Length - 1) < PackedLength ? FindPacked(name) : FindLong(name, _longNames);

    private CommandSpec? Find(ReadOnlySpan<byte> name, List<LongName> longNames) =>
        name.Length <= PackedLength ? FindPacked(name) : FindLong(name, CollectionsMarshal.AsSpan(longNames));

    private CommandSpec? FindPacked(ReadOnlySpan<byte> name)
    {
        Pack(name, out ulong low, out ulong high);
        Slot[] slots = _slots;
        int mask = slots.Length - 1;
        for (int index = Home(low, high); ; index = (index + 1) & mask)
        {
            ref readonly Slot slot = ref slots[index];
            if (slot.Low == low && slot.High == high && slot.Length == name.Length) return slot.Spec;
            if (slot.Length == 0) return null;
        }
    }

    private static CommandSpec? FindLong(ReadOnlySpan<byte> name, ReadOnlySpan<LongName> longNames)
    {
        foreach (LongName candidate in longNames)
        {
            if (Ascii.EqualsIgnoreCase(name, candidate.Name)) return candidate.Spec;
        }

        return null;
    }

    private void Insert(ReadOnlySpan<byte> name, CommandSpec spec)
    {
        Pack(name, out ulong low, out ulong high);
        int index = Home(low, high);
        while (_slots[index].Length != 0) index = (index + 1) & (_slots.Length - 1);
        _slots[index] = new Slot(low, high, name.Length, spec);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Home(ulong low, ulong high) => (int)(((low * LowFactor) ^ (high * HighFactor)) >> _shift);

    /// <summary>1 to 16 bytes, folded. Reads that overlap stand in for a loop; equal bytes on top of each other stay equal under OR.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pack(ReadOnlySpan<byte> name, out ulong low, out ulong high)
    {
        int length = name.Length;
        high = 0;
        if (length > 8)
        {
            low = BinaryPrimitives.ReadUInt64LittleEndian(name);
            high = ToUpper(BinaryPrimitives.ReadUInt64LittleEndian(name[(length - 8)..]) >> ((16 - length) * 8));
        }
        else if (length >= 4)
        {
            ulong tail = BinaryPrimitives.ReadUInt32LittleEndian(name[(length - 4)..]);
            low = BinaryPrimitives.ReadUInt32LittleEndian(name) | (tail << ((length - 4) * 8));
        }
        else
        {
            // 1, 2 or 3 bytes: the first, the middle and the last are all of them.
            int middle = length >> 1;
            int last = length - 1;
            low = name[0] | ((ulong)name[middle] << (middle * 8)) | ((ulong)name[last] << (last * 8));
        }

        low = ToUpper(low);
    }

    /// <summary>Clears bit 0x20 of the bytes a to z and of no other, eight at a time, so that no two different names meet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ToUpper(ulong bytes)
    {
        const ulong Ones = 0x0101010101010101;
        ulong sevenBits = bytes & (0x7F * Ones);
        ulong aboveZ = sevenBits + ((0x7F - 'z') * Ones);
        ulong fromA = sevenBits + ((0x80 - 'a') * Ones);
        ulong letters = ~bytes & (fromA ^ aboveZ) & (0x80 * Ones);
        return bytes ^ (letters >> 2);
    }

    private readonly record struct Slot(ulong Low, ulong High, int Length, CommandSpec Spec);

    private readonly record struct LongName(byte[] Name, CommandSpec Spec);
}
