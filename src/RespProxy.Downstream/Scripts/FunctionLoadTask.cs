using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Scripts;

/// <summary>
/// FUNCTION LOAD: first at one primary, whose word on it counts; then it is looked at which functions the library has registered, and only when all
/// bear the tenant's prefix do the other primaries get it.
/// </summary>
internal sealed class FunctionLoadTask(ClientSession session, string name, byte[] source) : FunctionTask(session)
{
    private static readonly CommandSpec LoadRow = Row("LOAD");
    private static readonly CommandSpec ListRow = Row("LIST");
    private static readonly CommandSpec DeleteRow = Row("DELETE");

    private readonly byte[] _upstreamName = System.Text.Encoding.ASCII.GetBytes(System.Text.Encoding.ASCII.GetString(session.Namespace.FunctionPrefix) + name);
    private int _unanswered;

    private enum Step : uint
    {
        First,
        Check,
        Withdraw,
        Rest,
    }

    public void Begin(bool replace)
    {
        if (!TryTakePrimaries()) return;
        if (replace) Send(0, LoadRow, (uint)Step.First, Word("FUNCTION"), Word("LOAD"), Word("REPLACE"), source);
        else Send(0, LoadRow, (uint)Step.First, Word("FUNCTION"), Word("LOAD"), source);
    }

    public override void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (IsOver) return;
        if (reply[0] == '-')
        {
            AnswerNodeError(reply);
            return;
        }

        switch ((Step)request.Tag)
        {
            case Step.First:
                Send(0, ListRow, (uint)Step.Check, Word("FUNCTION"), Word("LIST"), Word("LIBRARYNAME"), _upstreamName);
                break;
            case Step.Check:
                Check(reply);
                break;
            case Step.Withdraw:
                Answer("-ERR the library registers functions in a way that the proxy cannot keep apart from other tenants'; it was deleted\r\n"u8);
                break;
            default:
                if (--_unanswered == 0) Finish();
                break;
        }
    }

    private void Check(ReadOnlySpan<byte> reply)
    {
        bool isSound = TryReadLibraries(reply, out List<LibraryEntry>? libraries)
            && libraries is [{ } library] && library.Functions.TrueForAll(function => function.Name.AsSpan().StartsWith(Namespace.FunctionPrefix));
        if (!isSound)
        {
            Send(0, DeleteRow, (uint)Step.Withdraw, Word("FUNCTION"), Word("DELETE"), _upstreamName);
            return;
        }

        _unanswered = PrimaryCount - 1;
        if (_unanswered == 0) Finish();
        // Whatever another primary has under this name is the tenant's, and older.
        for (int primary = 1; primary < PrimaryCount; primary++) Send(primary, LoadRow, (uint)Step.Rest, Word("FUNCTION"), Word("LOAD"), Word("REPLACE"), source);
    }

    private void Finish() => Answer(Session.Loop.Builder.Start(Session.IsResp3).Bulk(name).Written);
}
