using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Scripts;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Scripts;

/// <summary>A call by digest that was sent: gives the source when it has to be sent again. Loop thread only.</summary>
internal sealed class ScriptCall(ClientSession session, CommandSpec spec, KeptScript script) : IReplySink
{
    private bool _hasSource;

    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply) => session.OnReply(request, reply);

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure) => session.OnFailure(request, failure);

    public void OnDelayed(in InFlightRequest request) => session.OnDelayed(request);

    public ReadOnlySpan<byte> BytesToSendAgain(scoped in InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        if (_hasSource) return bytes;
        _hasSource = true;
        return ScriptRequest.WithSource(spec, bytes, script.Source);
    }
}

/// <summary>A script that was sent with its source for the first time: the tenant's from when a node has compiled it. Loop thread only.</summary>
internal sealed class FirstRun(ClientSession session, Tenant tenant, ScriptDigest digest, byte[] source, bool isLoad) : IReplySink
{
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        // Redis does not keep what it could not compile; SCRIPT LOAD has no other error of its own.
        if (isLoad ? reply[0] == '$' : !reply.StartsWith("-ERR Error compiling script"u8)) tenant.Scripts.Add(digest, source, isLoad);
        session.OnReply(request, reply);
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure) => session.OnFailure(request, failure);

    public void OnDelayed(in InFlightRequest request) => session.OnDelayed(request);
}
