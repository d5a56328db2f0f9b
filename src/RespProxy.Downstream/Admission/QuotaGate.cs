using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.Transactions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Quotas;
using RespProxy.Tenancy.Scripts;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Admission;

/// <summary>
/// What a tenant over its quota may not run: what Redis refuses at maxmemory, the commands flagged <c>denyoom</c>
/// (https://redis.io/docs/latest/commands/command/#flags). Deletes, expiries and reads have no such flag.
///
/// <para>What a script does the proxy cannot see, and a node, which has memory left, does not stop it. So a script must say beforehand that it
/// may run: by being called as one that only reads, or in its first line (<see cref="ScriptFlags"/>). A function says so in its
/// library, which the proxy does not read: only FCALL_RO passes.</para>
///
/// <para>A transaction is refused at queueing; when the quota was passed since, by EXEC, as Redis does. Loop thread only.</para>
/// </summary>
internal static class QuotaGate
{
    /// <summary>True: the request has been answered with the refusal.</summary>
    public static bool IsRefused(ClientSession session, in RequestView request, CommandSpec spec, QuotaState quota)
    {
        if (spec.Local == LocalCommand.Exec) return IsExecRefused(session, quota);
        if (!MayAdd(session.Tenant!, request, spec)) return false;
        if (quota.Refusal is not { } refusal)
        {
            if (session.Transaction is { } open) open.MayAddData = true;
            return false;
        }

        if (session.Transaction is { } transaction) transaction.IsDirty = true;
        session.ReplyError(refusal);
        return true;
    }

    private static bool IsExecRefused(ClientSession session, QuotaState quota)
    {
        if (session.Transaction is not { MayAddData: true, IsDirty: false } || quota.Refusal is not { } refusal) return false;
        TransactionCommands.RefuseExec(session, Encoding.UTF8.GetString(refusal));
        return true;
    }

    private static bool MayAdd(Tenant tenant, in RequestView request, CommandSpec spec) =>
        (spec.Flags & CommandFlags.DenyOom) != 0 || (spec is { RunsScript: true, IsReadOnly: false } && MayAddByScript(tenant, request, spec));

    /// <summary>EVAL, EVALSHA and FCALL; SCRIPT LOAD runs nothing.</summary>
    private static bool MayAddByScript(Tenant tenant, in RequestView request, CommandSpec spec) => spec.Name switch
    {
        "EVAL" => !ScriptFlags.RunsWithoutMemory(request[1]),
        // One that is not known is answered with NOSCRIPT, and comes again with its source.
        "EVALSHA" => ScriptDigest.TryParse(request[1], out ScriptDigest digest)
            && tenant.Scripts.TryGet(digest, out KeptScript? script) && !ScriptFlags.RunsWithoutMemory(script.Source),
        "FCALL" => true,
        _ => false,
    };
}
