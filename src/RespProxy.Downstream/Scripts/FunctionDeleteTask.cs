using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Scripts;

/// <summary>FUNCTION DELETE and FUNCTION FLUSH at every primary. A flush deletes what each primary lists of the tenant's.</summary>
internal sealed class FunctionDeleteTask(ClientSession session) : FunctionTask(session)
{
    private static readonly CommandSpec ListRow = Row("LIST");
    private static readonly CommandSpec DeleteRow = Row("DELETE");

    private bool _isFlush;
    private bool _anyDeleted;
    private int _unanswered;

    public void Delete(ReadOnlySpan<byte> name)
    {
        if (!TryTakePrimaries()) return;
        byte[] upstreamName = Upstreamed(name);
        _unanswered = PrimaryCount;
        for (int primary = 0; primary < PrimaryCount; primary++) SendDelete(primary, upstreamName);
    }

    public void Flush()
    {
        if (!TryTakePrimaries()) return;
        _isFlush = true;
        _unanswered = PrimaryCount;
        for (int primary = 0; primary < PrimaryCount; primary++)
            Send(primary, ListRow, (uint)primary, Word("FUNCTION"), Word("LIST"), Word("LIBRARYNAME"), Upstreamed("*"u8));
    }

    public override void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (IsOver) return;
        if (request.Command == ListRow)
        {
            if (reply[0] == '-')
            {
                AnswerNodeError(reply);
                return;
            }

            if (!TryReadLibraries(reply, out List<LibraryEntry>? libraries))
            {
                Answer(KeyspaceErrors.UnexpectedForm);
                return;
            }

            _unanswered += libraries.Count;
            foreach (LibraryEntry library in libraries) SendDelete((int)request.Tag, library.Name);
        }
        else if (reply[0] != '-')
        {
            _anyDeleted = true;
        }
        else if (!reply.StartsWith("-ERR Library not found"u8))
        {
            AnswerNodeError(reply);
            return;
        }

        if (--_unanswered == 0) Finish();
    }

    private void SendDelete(int primary, byte[] upstreamName) => Send(primary, DeleteRow, (uint)primary, Word("FUNCTION"), Word("DELETE"), upstreamName);

    private void Finish()
    {
        if (_isFlush || _anyDeleted) Answer("+OK\r\n"u8);
        else Answer("-ERR Library not found\r\n"u8);
    }
}
