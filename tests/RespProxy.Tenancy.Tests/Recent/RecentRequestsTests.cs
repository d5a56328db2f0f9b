using RespProxy.Tenancy.Recent;

namespace RespProxy.Tenancy.Tests.Recent;

public class RecentRequestsTests
{
    [Fact]
    public void Few_requests_are_all_kept_as_they_came()
    {
        var traffic = new RecordedTraffic(memory: 64 * 1024);
        traffic.Ask("SET", "a", "1");
        traffic.Time.Advance(1);
        traffic.Ask("MGET", "b", "c");
        traffic.Ask("PING");

        List<RecentRequest> kept = traffic.Read();
        Assert.Equal(["SET", "MGET", "PING"], kept.Select(request => request.Command.Name));
        Assert.Equal([["a"], ["b", "c"], []], kept.Select(request => request.Keys.Select(key => Testing.Wire.Text(key)).ToArray()));
        Assert.Equal([1, 2, 0], kept.Select(request => request.KeyCount));
        Assert.Equal([1, 1, 1], kept.Select(request => request.Weight));
        Assert.Equal(1_000_000_000, kept[1].At - kept[0].At);
        Assert.Equal("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n".Length, kept[0].Bytes);
    }

    [Theory]
    [InlineData(4 * 1024)]
    [InlineData(64 * 1024)]
    public void Memory_is_bounded_and_lasts_for_the_window_whatever_comes(int memory)
    {
        var traffic = new RecordedTraffic(memory);
        traffic.Run(seed: 1, requests: 200_000, seconds: 900);

        Assert.InRange(traffic.Record.Size, 1, memory);
        List<RecentRequest> kept = traffic.Read();
        long window = 300_000_000_000, now = traffic.Time.GetTimestamp();
        Assert.InRange(kept[0].At, now - window, now - (window * 9 / 10));
        // A third of the requests were within the window; each kept stands for itself and those before it.
        Assert.InRange(kept.Sum(request => (long)request.Weight), 200_000 / 3 * 0.8, 200_000 / 3 * 1.2);
        Assert.InRange(kept.Count, memory / 150, memory / 30);
    }

    [Fact]
    public void Every_request_of_a_window_is_stood_for_by_one_that_was_kept()
    {
        var traffic = new RecordedTraffic(memory: 16 * 1024);
        traffic.Run(seed: 2, requests: 50_000, seconds: 100);
        List<RecentRequest> kept = traffic.Read();
        Assert.Equal(50_000, kept.Sum(request => (long)request.Weight));
        Assert.True(kept.Count < 5_000);
    }

    [Fact]
    public void Long_keys_and_many_keys_are_cut_and_counted_whole()
    {
        var traffic = new RecordedTraffic(memory: 4 * 1024);
        traffic.Ask(["MGET", new string('k', 1000), .. Enumerable.Range(0, 99).Select(i => $"k{i}")]);
        RecentRequest kept = Assert.Single(traffic.Read());
        Assert.Equal((RecentRequests.MostKeys, RecentRequests.MostKeyBytes, 100), (kept.Keys.Count, kept.Keys[0].Length, kept.KeyCount));
    }

    [Fact]
    public void What_is_older_than_the_window_is_forgotten_and_its_memory_given_back()
    {
        var traffic = new RecordedTraffic(memory: 4 * 1024);
        Assert.Equal(0, traffic.Record.Size);
        traffic.Ask("GET", "a");
        traffic.Time.Advance(299);
        traffic.Record.Trim();
        Assert.Single(traffic.Read());
        traffic.Time.Advance(2);
        Assert.Empty(traffic.Read());
        traffic.Record.Trim();
        Assert.Equal(0, traffic.Record.Size);
        traffic.Ask("GET", "b");
        Assert.Single(traffic.Read());
    }

    [Fact]
    public void Keeping_allocates_nothing_once_the_ring_has_grown()
    {
        var traffic = new RecordedTraffic(memory: 4 * 1024);
        traffic.Run(seed: 3, requests: 5_000, seconds: 10);
        var reader = new Protocol.Resp.RequestReader();
        byte[] frame = Testing.Wire.Request("GET", "user:7");
        Assert.Equal(Protocol.Resp.ReadStatus.Request, reader.Read(frame, Protocol.Resp.RequestLimits.Default, out int length));
        var spec = Protocol.Commands.CommandTable.Find("GET"u8)!;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100_000; i++)
        {
            traffic.Time.Advance(0.01);
            traffic.Record.Note(reader.View(frame, length), spec, [1], weight: 1);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEmpty(traffic.Read());
    }
}
