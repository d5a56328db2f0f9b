using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Scripts;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Scripts;

/// <summary>FUNCTION LIST and FUNCTION STATS, as one primary has it: all have the same.</summary>
internal sealed class FunctionListTask(ClientSession session, bool withCode, bool isStatistics) : FunctionTask(session)
{
    private static readonly CommandSpec ListRow = Row("LIST");

    public void Begin(ReadOnlySpan<byte> pattern)
    {
        if (!TryTakePrimaries()) return;
        byte[][] arguments = [Word("FUNCTION"), Word("LIST"), Word("LIBRARYNAME"), Upstreamed(pattern), .. withCode ? new[] { Word("WITHCODE") } : []];
        Send(0, ListRow, 0, arguments);
    }

    public override void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (IsOver) return;
        if (reply[0] == '-') AnswerNodeError(reply);
        else if (!TryReadLibraries(reply, out List<LibraryEntry>? libraries)) Answer(KeyspaceErrors.UnexpectedForm);
        else Answer(isStatistics ? Statistics(libraries) : List(libraries));
    }

    private ReadOnlySpan<byte> List(List<LibraryEntry> libraries)
    {
        int prefix = Namespace.FunctionPrefix.Length;
        ReplyBuilder reply = Session.Loop.Builder.Start(Session.IsResp3).Array(libraries.Count);
        foreach (LibraryEntry library in libraries)
        {
            reply.Map(withCode ? 4 : 3).Bulk("library_name").Bulk(library.Name.AsSpan(prefix)).Bulk("engine").Bulk(library.Engine).Bulk("functions").Array(library.Functions.Count);
            foreach (FunctionEntry function in library.Functions) Write(reply, function, prefix);
            if (withCode) reply.Bulk("library_code").Bulk(FunctionLibrary.FromUpstream(library.Code, Namespace.FunctionPrefix));
        }

        return reply.Written;
    }

    private static void Write(ReplyBuilder reply, FunctionEntry function, int prefix)
    {
        reply.Map(3).Bulk("name").Bulk(function.Name.AsSpan(prefix)).Bulk("description");
        if (function.Description is null) reply.Null();
        else reply.Bulk(function.Description);
        reply.Bulk("flags").Set(function.Flags.Count);
        foreach (byte[] flag in function.Flags) reply.Raw("+"u8).Raw(flag).Raw("\r\n"u8);
    }

    private ReadOnlySpan<byte> Statistics(List<LibraryEntry> libraries) => Session.Loop.Builder.Start(Session.IsResp3).Map(2)
        .Bulk("running_script").Null()
        .Bulk("engines").Map(1).Bulk("LUA").Map(2)
        .Bulk("libraries_count").Integer(libraries.Count)
        .Bulk("functions_count").Integer(libraries.Sum(library => library.Functions.Count)).Written;
}
