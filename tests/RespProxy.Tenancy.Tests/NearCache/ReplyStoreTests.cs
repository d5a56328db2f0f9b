using System.Text;
using RespProxy.Configuration;
using RespProxy.Tenancy.NearCache;

namespace RespProxy.Tenancy.Tests.NearCache;

public sealed class ReplyStoreTests
{
    private readonly ReplyStore _store = new() { MaxBytes = 10_000 };
    private readonly InvalidationStream _stream = new();

    [Fact]
    public void A_read_is_found_by_its_bytes_its_database_and_its_protocol()
    {
        Put("GET k", "v");
        Assert.Equal("v", Find("GET k"));
        Assert.Null(Find("GET K"));
        Assert.Null(_store.Find(new ReadIdentity("GET k"u8, database: 1, isResp3: false)));
        Assert.Null(_store.Find(new ReadIdentity("GET k"u8, database: 0, isResp3: true)));
    }

    [Fact]
    public void A_later_reply_takes_the_place_of_an_earlier_one()
    {
        Put("GET k", "old");
        Put("GET k", "new");
        Assert.Equal("new", Find("GET k"));
        Assert.Equal(1, _store.Count);
    }

    [Fact]
    public void A_changed_key_takes_all_its_replies_along_and_no_others()
    {
        Put("GET k", "v");
        Put("STRLEN k", "1");
        Put("GETRANGE k", "w");
        Put("GET j", "v", key: "j");
        _store.Remove(Hash("STRLEN k"));

        Assert.True(_store.RemoveKey(ReplyStore.HashOfKey("k"u8)));
        Assert.False(_store.RemoveKey(ReplyStore.HashOfKey("k"u8)));
        Assert.Null(Find("GET k"));
        Assert.Null(Find("GETRANGE k"));
        Assert.Equal("v", Find("GET j"));
    }

    [Fact]
    public void The_oldest_make_room_and_bytes_are_counted_to_the_last()
    {
        for (int i = 0; i < 1_000; i++)
        {
            Put("GET k" + i, new string('x', 1_000), "k" + i);
            Assert.InRange(_store.Bytes, 1_000, 10_000);
            Assert.NotNull(Find("GET k" + i));
        }

        Assert.Null(Find("GET k0"));
        Assert.InRange(_store.Count, 4, 9);
        _store.Clear();
        Assert.Equal((0, 0L), (_store.Count, _store.Bytes));
    }

    [Fact]
    public void What_was_read_too_long_ago_is_dropped()
    {
        Put("GET a", "v", "a", readAt: 10);
        Put("GET b", "v", "b", readAt: 20);
        _store.RemoveOlder(20);
        Assert.Null(Find("GET a"));
        Assert.Equal("v", Find("GET b"));
    }

    [Fact]
    public void A_reply_is_served_while_it_is_young_its_node_is_heard_and_all_is_told_that_the_client_has_seen()
    {
        var rules = new NearCacheRules(new NearCacheSnapshot { MaxAge = TimeSpan.FromSeconds(2), MaxLag = TimeSpan.FromSeconds(1) });
        long second = System.Diagnostics.Stopwatch.Frequency;
        long now = 100 * second;
        Put("GET k", "v", readAt: now);
        CachedReply reply = _store.Find(new ReadIdentity("GET k"u8, 0, false))!;
        _stream.OnAnswered(moment: 5, now);

        Assert.True(rules.MayServe(reply, now, seen: 5));
        Assert.False(rules.MayServe(reply, now, seen: 6));
        Assert.True(rules.MayServe(reply, now + second, seen: 5));
        Assert.False(rules.MayServe(reply, now + second + 1, seen: 5));
        _stream.OnAnswered(moment: 6, now + (2 * second));
        Assert.True(rules.MayServe(reply, now + (2 * second), seen: 6));
        Assert.False(rules.MayServe(reply, now + (2 * second) + 1, seen: 6));
    }

    [Fact]
    public void What_is_known_of_a_stream_never_goes_back()
    {
        _stream.OnAnswered(9, 90);
        _stream.OnAnswered(3, 30);
        Assert.Equal((9, 90), (_stream.ReadUpTo, _stream.ReadUpToTime));
    }

    [Fact]
    public void Buckets_under_way_are_told_until_the_last_request_that_named_one_is_answered()
    {
        var pending = default(PendingBuckets);
        Assert.False(pending.Any(head: 0));
        pending.Add(bucket: 3, number: uint.MaxValue);
        pending.Add(bucket: 200, number: 0);
        Assert.True(pending.Contains(3, head: uint.MaxValue));
        Assert.True(pending.Contains(200, head: 0));
        Assert.False(pending.Contains(4, head: 0));
        Assert.False(pending.Contains(3 + 64, head: 0));
        Assert.False(pending.Any(head: 1));
        Assert.False(pending.Contains(3, head: 1));
    }

    private static ulong Hash(string request) => new ReadIdentity(Encoding.ASCII.GetBytes(request), 0, false).Hash;

    private void Put(string request, string reply, string key = "k", long readAt = 0) => _store.Put(
        new ReadIdentity(Encoding.ASCII.GetBytes(request), 0, false),
        Encoding.ASCII.GetBytes(reply),
        new ReadOrigin(ReplyStore.HashOfKey(Encoding.ASCII.GetBytes(key)), 0, readAt, _stream));

    private string? Find(string request)
    {
        CachedReply? found = _store.Find(new ReadIdentity(Encoding.ASCII.GetBytes(request), 0, false));
        return found is null ? null : Encoding.ASCII.GetString(found.Reply);
    }
}
