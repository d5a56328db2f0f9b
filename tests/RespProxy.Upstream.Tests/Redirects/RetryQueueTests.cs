using System.Globalization;
using System.Text;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Redirects;

namespace RespProxy.Upstream.Tests.Redirects;

public sealed class RetryQueueTests
{
    private readonly RetryQueue _queue = new();

    [Fact]
    public void Requests_are_offered_in_the_order_they_came()
    {
        for (uint tag = 0; tag < 100; tag++) Add(tag);

        Assert.Equal(Enumerable.Range(0, 100).Select(tag => (uint)tag), Offer(_ => true));
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void What_is_not_taken_keeps_its_place()
    {
        for (uint tag = 0; tag < 6; tag++) Add(tag);

        Offer(parked => parked.Request.Tag % 2 == 0);

        Assert.Equal([1u, 3u, 5u], Offer(_ => true));
    }

    [Fact]
    public void What_parks_while_it_is_offered_waits_for_the_next_time()
    {
        Add(1);
        Add(2);

        IReadOnlyList<uint> offered = Offer(parked => Add(parked.Request.Tag + 10));

        Assert.Equal([1u, 2u], offered);
        Assert.Equal([11u, 12u], Offer(_ => true));
    }

    [Fact]
    public void The_bytes_are_a_copy()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("PING\r\n");
        Assert.True(_queue.TryAdd(new InFlightRequest(), bytes, resp3: false, dueAt: 0));
        bytes.AsSpan().Clear();

        _queue.Offer(parked =>
        {
            Assert.Equal("PING\r\n", Encoding.ASCII.GetString(parked.Bytes, 0, parked.Length));
            return true;
        });
    }

    [Fact]
    public void It_is_full_at_its_number_of_requests_and_has_room_again_when_one_leaves()
    {
        for (uint tag = 0; tag < RetryQueue.MaxRequests; tag++) Assert.True(Add(tag));
        Assert.False(Add(0));

        Offer(parked => parked.Request.Tag == 7);

        Assert.True(Add(0));
        Assert.False(Add(0));
    }

    [Fact]
    public void It_is_full_at_its_number_of_bytes_and_has_room_again_when_one_leaves()
    {
        byte[] quarter = new byte[RetryQueue.MaxBytes / 4];
        for (int i = 0; i < 4; i++) Assert.True(_queue.TryAdd(new InFlightRequest { Tag = (uint)i }, quarter, resp3: false, dueAt: 0));
        Assert.False(Add(4));

        Offer(parked => parked.Request.Tag == 2);

        Assert.True(Add(4));
    }

    private bool Add(uint tag) =>
        _queue.TryAdd(new InFlightRequest { Tag = tag }, Encoding.ASCII.GetBytes(tag.ToString(CultureInfo.InvariantCulture)), resp3: false, dueAt: 0);

    private List<uint> Offer(Func<ParkedRequest, bool> tryTake)
    {
        var offered = new List<uint>();
        _queue.Offer(parked =>
        {
            offered.Add(parked.Request.Tag);
            return tryTake(parked);
        });
        return offered;
    }
}
