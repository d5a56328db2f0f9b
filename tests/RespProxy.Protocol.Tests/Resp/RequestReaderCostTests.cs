using RespProxy.Protocol.Resp;
using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

/// <summary>What reading costs: bytes allocated, and bytes looked at more than once.</summary>
public class RequestReaderCostTests
{
    [Theory]
    [InlineData("*1048576\r\n")]
    [InlineData("*1048576\r\n$3\r\nGET\r\n$3\r\nkey\r\n")]
    [InlineData("*2\r\n$536870912\r\nabc")]
    public void A_claim_costs_no_memory(string payload)
    {
        byte[] input = Wire.Bytes(payload);
        var reader = new RequestReader();
        reader.Read("*1\r\n$1\r\na\r\n"u8, RequestLimits.Default, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ReadStatus status = reader.Read(input, RequestLimits.Default, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(ReadStatus.Incomplete, status);
    }

    [Fact]
    public void Reading_allocates_nothing_once_the_reader_has_seen_the_like()
    {
        byte[] array = Wire.Request("MSET", "one", "1", "two", new string('2', 300));
        byte[] line = Wire.Bytes("set key \"a value\\n\"\r\n");
        var reader = new RequestReader();
        ReadBoth(reader, array, line, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int arguments = ReadBoth(reader, array, line, 1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(8_000, arguments);
    }

    [Fact]
    public void Reset_gives_back_the_memory_of_an_unusual_request_and_keeps_that_of_a_usual_one()
    {
        byte[] usual = Wire.Request([.. Enumerable.Repeat("a", 200)]);
        var reader = new RequestReader();
        reader.Read(usual, RequestLimits.Default, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Reset();
        reader.Read(usual, RequestLimits.Default, out int length);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(usual.Length, length);

        byte[] unusual = Wire.Request([.. Enumerable.Repeat("a", 2_000)]);
        reader.Read(unusual, RequestLimits.Default, out _);
        reader.Reset();
        before = GC.GetAllocatedBytesForCurrentThread();
        reader.Read(unusual, RequestLimits.Default, out length);
        Assert.NotEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(unusual.Length, length);
    }

    /// <summary>
    /// Linear time without a clock: each argument that is whole is overwritten before the next byte arrives, so a reader
    /// that looked back at any of them would find garbage where the frame was.
    /// </summary>
    [Fact]
    public void A_frame_of_100000_arguments_that_drips_in_byte_by_byte_is_looked_at_once()
    {
        const int Count = 100_000;
        byte[] frame = Wire.Request([.. Enumerable.Range(0, Count).Select(i => new string((char)('a' + (i % 26)), i % 12))]);
        byte[] input = (byte[])frame.Clone();
        int[] ends = ArgumentEnds(frame, Count);
        var reader = new RequestReader();
        int overwritten = 1;
        int next = 0;
        for (int arrived = 1; arrived < frame.Length; arrived++)
        {
            Assert.Equal(ReadStatus.Incomplete, reader.Read(input.AsSpan(0, arrived), RequestLimits.Default, out _));
            if (next >= Count || arrived < ends[next]) continue;
            input.AsSpan(overwritten, ends[next] - overwritten).Fill((byte)'#');
            overwritten = ends[next++];
        }

        Assert.Equal(Count - 1, next);
        Assert.Equal(ReadStatus.Request, reader.Read(input, RequestLimits.Default, out int length));
        Assert.Equal(frame.Length, length);
        AssertArguments(reader.View(frame, length), Count);
    }

    [Fact]
    public void A_line_that_drips_in_byte_by_byte_is_searched_once_for_its_end()
    {
        byte[] line = Wire.Bytes("echo " + new string('a', 60_000) + "\n");
        byte[] input = (byte[])line.Clone();
        var reader = new RequestReader();
        for (int arrived = 1; arrived < line.Length; arrived++)
        {
            Assert.Equal(ReadStatus.Incomplete, reader.Read(input.AsSpan(0, arrived), RequestLimits.Default, out _));
            input[arrived - 1] = (byte)'\n';
        }

        Assert.Equal(ReadStatus.Request, reader.Read(line, RequestLimits.Default, out int length));
        Assert.Equal(line.Length, length);
        Assert.Equal(60_000, reader.View(line, length)[1].Length);
    }

    private static int ReadBoth(RequestReader reader, byte[] array, byte[] line, int times)
    {
        int arguments = 0;
        for (int i = 0; i < times; i++)
        {
            reader.Read(array, RequestLimits.Default, out int length);
            arguments += reader.View(array, length).Count;
            reader.Read(line, RequestLimits.Default, out length);
            arguments += reader.View(line, length).Count;
        }

        return arguments;
    }

    private static int[] ArgumentEnds(byte[] frame, int count)
    {
        int[] ends = new int[count];
        int position = frame.AsSpan().IndexOf((byte)'\n') + 1;
        for (int i = 0; i < count; i++)
        {
            int payload = position + frame.AsSpan(position).IndexOf((byte)'\n') + 1;
            position = payload + (i % 12) + 2;
            ends[i] = position;
        }

        return ends;
    }

    private static void AssertArguments(in RequestView view, int count)
    {
        Assert.Equal(count, view.Count);
        for (int i = 0; i < count; i++)
        {
            bool right = view[i].Length == i % 12 && view[i].IndexOfAnyExcept((byte)('a' + (i % 26))) < 0;
            Assert.True(right, $"argument {i} is another");
        }
    }
}
