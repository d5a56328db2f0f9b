using RespProxy.Upstream.Connections;

namespace RespProxy.Upstream.Tests.Connections;

public sealed class InFlightQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void Requests_leave_in_the_order_they_came_however_the_ring_wraps_and_grows(int atOnce)
    {
        var queue = new InFlightQueue();
        uint pushed = 0, popped = 0;
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < atOnce; i++) queue.Push() = new InFlightRequest { Tag = pushed++ };
            for (int i = 0; i < (atOnce + 1) / 2; i++) AssertNext();
        }

        Assert.Equal((int)(pushed - popped), queue.Count);
        while (queue.Count > 0) AssertNext();
        Assert.Equal(pushed, popped);

        void AssertNext()
        {
            Assert.Equal(popped, queue.Peek().Tag);
            queue.Pop(out InFlightRequest request);
            Assert.Equal(popped++, request.Tag);
        }
    }
}
