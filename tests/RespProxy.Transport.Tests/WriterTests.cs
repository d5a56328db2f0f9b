namespace RespProxy.Transport.Tests;

public class WriterTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_order_of_writes_sends_and_releases_agrees_with_a_plain_list(bool retains)
    {
        for (int seed = 0; seed < 60; seed++)
            Run(seed, retains);

        static void Run(int seed, bool retains)
        {
            var random = new Random(seed);
            var writer = new StubConnection(new StubLoop()).Output;
            writer.RetainsSent = retains;
            var model = new List<byte>();
            long sent = 0, released = 0;
            for (int step = 0; step < 400; step++)
            {
                switch (random.Next(4))
                {
                    case 0 or 1:
                        Write(writer, model, random);
                        break;
                    case 2:
                        int count = random.Next((int)writer.Unsent + 1);
                        Assert.True(writer.UnsentBytes.Span[..count].SequenceEqual(model.ToArray().AsSpan((int)sent, count)));
                        writer.MarkSent(count);
                        sent += count;
                        break;
                    default:
                        released = Math.Max(released, random.NextInt64(released, sent + 1));
                        writer.ReleaseTo(released);
                        break;
                }

                Assert.Equal(model.Count, writer.Position);
                Assert.Equal(sent, writer.SentPosition);
                if (retains)
                    AssertRetained(writer, model, released, random);
            }
        }

        static void Write(LoopPipeWriter writer, List<byte> model, Random random)
        {
            byte[] bytes = new byte[random.Next(random.Next(10) == 0 ? 20_000 : 300)];
            random.NextBytes(bytes);
            bytes.CopyTo(writer.GetSpan(bytes.Length));
            writer.Advance(bytes.Length);
            model.AddRange(bytes);
        }

        static void AssertRetained(LoopPipeWriter writer, List<byte> model, long released, Random random)
        {
            long position = random.NextInt64(released, model.Count + 1);
            int length = random.Next((int)(model.Count - position) + 1);
            Assert.True(writer.Retained(position, length).SequenceEqual(model.ToArray().AsSpan((int)position, length)));
        }
    }

    [Fact]
    public void Large_writes_that_the_system_takes_at_once_in_whole_in_part_or_not_at_all_leave_in_order()
    {
        var random = new Random(1);
        var sent = new List<byte>();
        var connection = new StubConnection(new StubLoop());
        LoopPipeWriter writer = connection.Output;
        connection.TakesNow = bytes =>
        {
            Assert.Equal(0, writer.Unsent);
            int taken = random.Next(3) switch { 0 => 0, 1 => bytes.Length, _ => random.Next(bytes.Length) };
            sent.AddRange(bytes[..taken]);
            return taken;
        };
        var model = new List<byte>();
        bool someWereTaken = false;
        for (int step = 0; step < 300; step++)
        {
            byte[] bytes = new byte[random.Next(2) == 0 ? random.Next(300) : 32_768 + random.Next(100_000)];
            random.NextBytes(bytes);
            int before = sent.Count;
            writer.Write(bytes);
            someWereTaken |= sent.Count > before;
            model.AddRange(bytes);
            Assert.Equal(model.Count, writer.Position);
            Assert.Equal(sent.Count, writer.SentPosition);
            Assert.Equal(writer.Unsent > 0, connection.IsDirty);
            if (random.Next(2) == 0) continue;
            int count = random.Next(4) == 0 ? random.Next((int)writer.Unsent + 1) : (int)writer.Unsent;
            sent.AddRange(writer.UnsentBytes.Span[..count]);
            writer.MarkSent(count);
            connection.IsDirty = writer.Unsent > 0;
        }

        Assert.True(someWereTaken);
        sent.AddRange(writer.UnsentBytes.Span);
        Assert.Equal(model, sent);
    }

    [Fact]
    public void A_writer_that_retains_sends_nothing_before_it_is_kept()
    {
        var connection = new StubConnection(new StubLoop()) { TakesNow = bytes => bytes.Length };
        connection.Output.RetainsSent = true;
        connection.Output.Write(new byte[100_000]);
        Assert.Equal(100_000, connection.Output.Unsent);
    }

    [Fact]
    public void What_is_released_or_not_written_cannot_be_had()
    {
        var writer = new StubConnection(new StubLoop()).Output;
        writer.RetainsSent = true;
        writer.GetSpan(10);
        writer.Advance(10);
        writer.MarkSent(10);
        writer.ReleaseTo(4);
        Assert.Equal(6, writer.Retained(4, 6).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Retained(3, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Retained(4, 7).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.ReleaseTo(11));
    }

    [Fact]
    public void Bytes_released_before_they_were_sent_are_sent_all_the_same()
    {
        var writer = new StubConnection(new StubLoop()).Output;
        writer.RetainsSent = true;
        "abcdef"u8.CopyTo(writer.GetSpan(6));
        writer.Advance(6);
        writer.ReleaseTo(6);
        Assert.Equal(6, writer.Unsent);
        Assert.True(writer.UnsentBytes.Span.SequenceEqual("abcdef"u8));
        writer.MarkSent(6);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Retained(0, 1).Length);
    }

    [Fact]
    public void An_empty_writer_gives_its_array_back()
    {
        var loop = new StubLoop();
        var writer = new StubConnection(loop).Output;
        writer.GetSpan(100_000);
        writer.Advance(100_000);
        Assert.Equal(0, loop.Buffers.HeldBytes);
        writer.MarkSent(100_000);
        Assert.Equal(131_072, loop.Buffers.HeldBytes);
    }

    [Fact]
    public void Retained_bytes_in_steady_flow_do_not_make_the_array_grow()
    {
        var loop = new StubLoop();
        var writer = new StubConnection(loop).Output;
        writer.RetainsSent = true;
        // 100 bytes a turn, released ten turns later: 1,000 live bytes at most.
        for (int turn = 1; turn <= 100_000; turn++)
        {
            writer.GetSpan(100);
            writer.Advance(100);
            writer.MarkSent(100);
            writer.ReleaseTo(Math.Max(0, (turn - 10) * 100L));
        }

        writer.ReleaseTo(writer.Position);
        writer.Close();
        Assert.InRange(loop.Buffers.HeldBytes, 1, 4096);
    }

    [Fact]
    public void Flush_puts_the_connection_on_the_list_once_a_turn()
    {
        var connection = new StubConnection(new StubLoop());
        connection.Output.Flush();
        connection.Output.Flush();
        Assert.Equal(1, connection.Marks);
        connection.IsDirty = false; // the loop's turn ended
        connection.Output.Flush();
        Assert.Equal(2, connection.Marks);
    }

    [Fact]
    public void Writing_to_a_closed_connection_holds_nothing()
    {
        var loop = new StubLoop();
        var writer = new StubConnection(loop).Output;
        writer.Close();
        for (int i = 0; i < 100; i++)
        {
            writer.GetSpan(1000);
            writer.Advance(1000);
        }

        Assert.Equal(100_000, writer.Position);
        Assert.Equal(0, writer.Unsent);
        Assert.Equal(4096, loop.Buffers.HeldBytes);
    }
}
