using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Insight;

/// <summary>RESPPROXY LIMITS and RULES: what a tenant may use, and may not run.</summary>
internal static class RuleReports
{
    public static void WriteLimits(Tenant tenant, ReplyBuilder reply)
    {
        TenantAdmission? admission = tenant.Policy.Admission;
        reply.Map(3);
        WriteBound(reply.Bulk("connections"), admission?.MaxConnections, admission?.Connections);
        WriteBound(reply.Bulk("in-flight"), admission?.MaxInFlight, admission?.InFlight);
        IReadOnlyList<RateRule> rates = admission?.Rules?.Rates ?? [];
        reply.Bulk("rates").Array(rates.Count);
        foreach (RateRule rate in rates) WriteRate(reply, rate, admission!.Rules!.AvailableOf(rate));
    }

    public static void WriteRules(Tenant tenant, ReplyBuilder reply)
    {
        RuleSet? rules = tenant.Policy.Admission?.Rules;
        IReadOnlyList<DenialRule> denials = rules?.Denials ?? [];
        reply.Array(denials.Count);
        foreach (DenialRule denial in denials) WriteDenial(reply, denial, rules!.IsInForce(denial));
    }

    /// <summary>How many there may be, and are; null where it is not bounded.</summary>
    private static void WriteBound(ReplyBuilder reply, int? max, int? used)
    {
        if (max is null) reply.Null();
        else reply.Map(2).Bulk("max").Integer(max.Value).Bulk("used").Integer(used ?? 0);
    }

    private static void WriteRate(ReplyBuilder reply, RateRule rate, long available)
    {
        RateSnapshot snapshot = rate.Snapshot;
        reply.Map(10).Bulk("name").Bulk(rate.Name);
        WriteScope(reply, snapshot.Scope);
        reply.Bulk("unit").Bulk(NameOf(snapshot.Unit)).Bulk("rate").Integer(snapshot.Rate).Bulk("burst").Integer(snapshot.Burst);
        reply.Bulk("action").Bulk(snapshot.Action.ToString().ToLowerInvariant()).Bulk("available").Integer(available).Bulk("exceeded").Integer(rate.Exceeded);
    }

    private static void WriteDenial(ReplyBuilder reply, DenialRule denial, bool isInForce)
    {
        DenialSnapshot snapshot = denial.Snapshot;
        reply.Map(9);
        WriteScope(reply, snapshot.Scope);
        reply.Bulk("action").Bulk(snapshot.Shadow ? "shadow" : "deny");
        WriteTime(reply.Bulk("from"), snapshot.From);
        WriteTime(reply.Bulk("expires"), snapshot.Expires);
        reply.Bulk("in-force").Integer(isInForce ? 1 : 0).Bulk("hits").Integer(denial.Hits).Bulk("reason");
        if (snapshot.Reason is null) reply.Null();
        else reply.Bulk(snapshot.Reason);
    }

    /// <summary>Three pairs.</summary>
    private static void WriteScope(ReplyBuilder reply, RuleScopeSnapshot scope)
    {
        WriteTexts(reply.Bulk("commands"), scope.Commands);
        WriteTexts(reply.Bulk("keys"), scope.Keys);
        WriteTexts(reply.Bulk("patterns"), scope.Patterns);
    }

    private static void WriteTexts(ReplyBuilder reply, ImmutableArray<string> texts)
    {
        reply.Array(texts.Length);
        foreach (string text in texts) reply.Bulk(text);
    }

    /// <summary>In Unix seconds.</summary>
    private static void WriteTime(ReplyBuilder reply, DateTimeOffset? time)
    {
        if (time is null) reply.Null();
        else reply.Integer(time.Value.ToUnixTimeSeconds());
    }

    private static string NameOf(RateUnit unit) => unit switch
    {
        RateUnit.Keys => "keys",
        RateUnit.RequestBytes => "requestBytes",
        RateUnit.ReplyBytes => "replyBytes",
        _ => "commands",
    };
}
