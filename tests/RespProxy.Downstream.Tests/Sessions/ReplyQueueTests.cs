using RespProxy.Downstream.Sessions;
using RespProxy.Testing;
using RespProxy.Transport;

namespace RespProxy.Downstream.Tests.Sessions;

public sealed class ReplyQueueTests
{
    private readonly BufferPool _pool = new();

    [Fact]
    public void Replies_leave_in_the_order_reserved_whatever_order_they_come_in()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var line = new Line(_pool);
            int owed = random.Next(1, 300);
            uint[] numbers = [.. Enumerable.Range(0, owed).Select(_ => line.Reserve())];
            random.Shuffle(numbers);

            foreach (uint number in numbers) line.Complete(number, $"reply {number}");

            Assert.Equal(Enumerable.Range(0, owed).Select(i => $"reply {i}"), line.Written);
            Assert.Equal((0, false), (line.Pending, line.HasParked));
        }
    }

    [Fact]
    public void Reserving_and_answering_may_alternate_at_random()
    {
        var random = new Random(7);
        var line = new Line(_pool);
        var unanswered = new List<uint>();
        uint reserved = 0;
        for (int step = 0; step < 20_000; step++)
        {
            if (unanswered.Count == 0 || random.Next(2) == 0)
            {
                unanswered.Add(line.Reserve());
                reserved++;
            }
            else
            {
                int index = random.Next(Math.Min(unanswered.Count, 400));
                line.Complete(unanswered[index], $"reply {unanswered[index]}");
                unanswered.RemoveAt(index);
            }
        }

        foreach (uint number in unanswered) line.Complete(number, $"reply {number}");
        Assert.Equal(Enumerable.Range(0, (int)reserved).Select(i => $"reply {i}"), line.Written);
    }

    [Fact]
    public void An_empty_reply_moves_the_line_and_writes_nothing()
    {
        var line = new Line(_pool);
        uint first = line.Reserve(), silent = line.Reserve(), last = line.Reserve();

        line.Complete(silent, "");
        line.Complete(last, "last");
        line.Complete(first, "first");

        Assert.Equal(["first", "", "last"], line.Written);
        Assert.Equal(0, line.Pending);
    }

    [Fact]
    public void What_was_written_long_ago_does_not_pile_up_behind_what_is_always_parked()
    {
        var line = new Line(_pool);
        string reply = new('r', 100);
        uint late = line.Reserve(), early = line.Reserve();
        for (int i = 0; i < 100_000; i++)
        {
            // The early one waits for the late one; before that comes, the next early one is there.
            line.Complete(early, reply);
            uint nextLate = line.Reserve(), nextEarly = line.Reserve();
            line.Complete(nextEarly, reply);
            line.Complete(late, reply);
            (late, early) = (nextLate, line.Reserve());
            Assert.True(line.HasParked);
            Assert.InRange(line.ParkedBytes, 100, 200);
        }

        line.Complete(early, reply);
        line.Complete(late, reply);
        Assert.Equal((0, false), (line.Pending, line.HasParked));
        Assert.InRange(_pool.HeldBytes, 1, 16 * 1024);
    }

    [Fact]
    public void With_nothing_parked_the_line_holds_no_memory()
    {
        var line = new Line(_pool);
        uint first = line.Reserve(), second = line.Reserve();
        line.Complete(second, "second");
        Assert.Equal(0, _pool.HeldBytes);

        line.Complete(first, "first");

        // The pool has got back both: the bytes and the places.
        Assert.Equal(2 * 1024, _pool.HeldBytes);
    }

    [Fact]
    public void A_client_that_goes_leaves_nothing_behind()
    {
        var queue = default(ReplyQueue);
        queue.Reserve();
        queue.Park(queue.Reserve(), "parked"u8, _pool);

        queue.Clear(_pool);

        Assert.Equal((0, 0, false), (queue.Pending, queue.ParkedBytes, queue.HasParked));
        Assert.Equal(2 * 1024, _pool.HeldBytes);
    }

    /// <summary>A queue used as a session uses it, which records what the client would get.</summary>
    private sealed class Line(BufferPool pool)
    {
        private ReplyQueue _queue;

        public List<string> Written { get; } = [];

        public int Pending => _queue.Pending;

        public bool HasParked => _queue.HasParked;

        public int ParkedBytes => _queue.ParkedBytes;

        public uint Reserve() => _queue.Reserve();

        public void Complete(uint number, string reply)
        {
            if (!_queue.IsHead(number))
            {
                _queue.Park(number, Wire.Bytes(reply), pool);
                return;
            }

            _queue.Advance();
            Written.Add(reply);
            while (_queue.TryTakeHead(out ReadOnlySpan<byte> parked)) Written.Add(Wire.Text(parked));
            _queue.ReleaseUnused(pool);
        }
    }
}
