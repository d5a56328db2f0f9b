using RespProxy.Downstream.Sessions;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// RANDOMKEY: a key of the tenant, or null if it has none. https://redis.io/docs/latest/commands/randomkey/
///
/// <para>A few random places of random primaries are looked at: any number is a valid cursor to a node, which cuts it to the size of its hash table. A tenant
/// with few keys among many may have none in any of these places; then all primaries are walked until the first page with a key. Every key can be
/// drawn by the first way; they are not equally likely.</para>
/// </summary>
internal sealed class RandomKeyTask(ClientSession session) : KeyspaceWalk(session)
{
    private const int Samples = 5;

    /// <summary>Node cursors drawn: hash tables have up to 2^33 buckets or so, times 16,384 slots.</summary>
    private const long CursorRange = 1L << 48;

    private int _sampled;
    private bool _isWalking;

    public void Begin()
    {
        if (TryTakeOrder()) Sample();
    }

    protected override void TakePage(int ordinal, in ScanPage page)
    {
        if (page.Count > 0) AnswerOneOf(page);
        else if (_isWalking) Advance(ordinal, page.Cursor);
        else if (_sampled < Samples) Sample();
        else BeginWalk();
    }

    protected override void Forget() => _isWalking = true;

    protected override void OnWalked() => Answer(Session.Loop.Builder.Start(Session.IsResp3).Null().Written);

    private void Sample()
    {
        _sampled++;
        RequestPage(Random.Shared.Next(NodeCount), (ulong)Random.Shared.NextInt64(CursorRange));
    }

    private void BeginWalk()
    {
        _isWalking = true;
        Walk();
    }

    private void AnswerOneOf(in ScanPage page)
    {
        int left = Random.Shared.Next(page.Count);
        foreach (ReadOnlySpan<byte> key in page)
        {
            if (left-- > 0) continue;
            Answer(Session.Loop.Builder.Start(Session.IsResp3).Bulk(Filter.KeyOf(key)).Written);
            return;
        }
    }
}
