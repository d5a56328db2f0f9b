using System.Buffers;

namespace RespProxy.Transport.Tests;

public class ReaderTests
{
    private readonly byte[] _shared = new byte[256 * 1024];
    private readonly BufferPool _pool = new();

    [Fact]
    public void Any_split_and_any_consumption_agrees_with_a_plain_list()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var reader = new LoopPipeReader(_pool);
            var model = new List<byte>();
            for (int step = 0; step < 300; step++)
            {
                Receive(reader, model, random, most: random.Next(8) == 0 ? 300_000 : 2_000);
                AssertSame(model, reader);
                if (random.Next(3) == 0)
                    reader.ExpectAtLeast(random.Next());
                Consume(reader, model, random);
                reader.Settle();
                Array.Fill(_shared, (byte)0xEE); // the loop's buffer is another connection's now
                AssertSame(model, reader);
            }
        }
    }

    [Fact]
    public void A_frame_larger_than_the_loops_buffer_arrives_whole()
    {
        var reader = new LoopPipeReader(_pool);
        byte[] frame = Peers.RandomBytes(5_000_000, seed: 1);
        for (int done = 0; done < frame.Length;)
        {
            var room = reader.PrepareReceive(_shared);
            int count = Math.Min(room.Count, frame.Length - done);
            frame.AsSpan(done, count).CopyTo(room);
            reader.Received(count);
            reader.ExpectAtLeast(frame.Length);
            done += count;
            reader.Settle();
        }

        Assert.True(reader.Unread.SequenceEqual(frame));
        reader.Consume(frame.Length);
        Assert.True(reader.Unread.IsEmpty);
    }

    [Fact]
    public void A_claimed_length_costs_no_more_than_what_arrived_doubled()
    {
        var reader = new LoopPipeReader(_pool);
        _ = reader.PrepareReceive(_shared);
        reader.Received(3_000);
        reader.ExpectAtLeast(512 * 1024 * 1024);
        reader.Settle();
        reader.Consume(3_000);
        Assert.InRange(_pool.HeldBytes, 3_000, 8_192);
    }

    [Fact]
    public void A_reader_with_nothing_unread_holds_no_array()
    {
        var reader = new LoopPipeReader(_pool);
        _ = reader.PrepareReceive(_shared);
        reader.Received(100);
        reader.Settle();
        Assert.Equal(0, _pool.HeldBytes);
        reader.Consume(100);
        Assert.Equal(1024, _pool.HeldBytes);
    }

    [Fact]
    public void The_pipe_members_say_the_same_as_the_span_members()
    {
        var reader = new LoopPipeReader(_pool);
        Assert.False(reader.TryRead(out _));
        Put(reader, "hello world"u8);
        Assert.True(reader.TryRead(out var result));
        Assert.Equal("hello world"u8.ToArray(), result.Buffer.ToArray());
        reader.AdvanceTo(result.Buffer.GetPosition(6), result.Buffer.End);
        Assert.True(reader.Unread.SequenceEqual("world"u8));
        Assert.False(reader.TryRead(out _)); // all examined
        reader.Settle();
        Put(reader, "!"u8);
        Assert.True(reader.TryRead(out result));
        Assert.Equal("world!"u8.ToArray(), result.Buffer.ToArray());
        reader.Settle();
        reader.AdvanceTo(result.Buffer.End); // the bytes have moved since; the position still counts from the read
        Assert.True(reader.Unread.IsEmpty);
        reader.Finish();
        Assert.True(reader.TryRead(out result));
        Assert.True(result.IsCompleted);
        Assert.True(result.Buffer.IsEmpty);
        reader.AdvanceTo(result.Buffer.End);
    }

    [Fact]
    public void A_position_left_unexamined_is_offered_again_at_once()
    {
        var reader = new LoopPipeReader(_pool);
        Put(reader, "ab"u8);
        Assert.True(reader.TryRead(out var result));
        reader.AdvanceTo(result.Buffer.GetPosition(1), result.Buffer.GetPosition(1));
        Assert.True(reader.TryRead(out result));
        Assert.Equal("b"u8.ToArray(), result.Buffer.ToArray());
    }

    [Fact]
    public async Task A_waiting_read_is_completed_by_bytes_or_by_cancelling()
    {
        var reader = new LoopPipeReader(_pool);
        var waiting = reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);
        Put(reader, "x"u8);
        Assert.True(reader.SignalPendingRead());
        var result = await waiting;
        Assert.Equal(1, result.Buffer.Length);
        reader.AdvanceTo(result.Buffer.End);

        waiting = reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        reader.CancelPendingRead();
        Assert.True((await waiting).IsCanceled);
    }

    private void Put(LoopPipeReader reader, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(reader.PrepareReceive(_shared));
        reader.Received(bytes.Length);
    }

    private void Receive(LoopPipeReader reader, List<byte> model, Random random, int most)
    {
        var room = reader.PrepareReceive(_shared);
        byte[] bytes = new byte[random.Next(1, Math.Min(room.Count, most) + 1)];
        random.NextBytes(bytes);
        bytes.CopyTo(room.AsSpan());
        reader.Received(bytes.Length);
        model.AddRange(bytes);
    }

    private static void Consume(LoopPipeReader reader, List<byte> model, Random random)
    {
        int count = random.Next(3) switch
        {
            0 => 0,
            1 => model.Count,
            _ => random.Next(model.Count + 1),
        };
        reader.Consume(count);
        model.RemoveRange(0, count);
    }

    private static void AssertSame(List<byte> model, LoopPipeReader reader) =>
        Assert.True(reader.Unread.SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(model)));
}
