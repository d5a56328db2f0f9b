using RespProxy.Downstream.Sessions;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// DBSIZE: the count of the database selected, by walking. https://redis.io/docs/latest/commands/dbsize/
/// Keys of which a page is told twice, as may happen while a node shrinks its hash table, are counted twice.
/// </summary>
internal sealed class CountTask(ClientSession session) : KeyspaceWalk(session)
{
    private long _count;

    public void Begin() => Walk();

    protected override void TakePage(int ordinal, in ScanPage page)
    {
        _count += page.Count;
        Advance(ordinal, page.Cursor);
    }

    protected override void Forget() => _count = 0;

    protected override void OnWalked() => Answer(Session.Loop.Builder.Start(Session.IsResp3).Integer(_count).Written);
}
