using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>What a tenant's channels and patterns are called upstream.</summary>
internal static class ChannelName
{
    /// <summary>Where a tenant's channels of a kind are: the same for every database that is selected.</summary>
    public static KeyNamespace NamespaceOf(Tenant tenant, SubscriptionKind kind) => kind == SubscriptionKind.ShardChannel ? tenant.ShardChannels : tenant.Channels;

    /// <summary>Where the channel that a PUBLISH or SPUBLISH names is.</summary>
    public static KeyNamespace NamespaceOf(Tenant tenant, CommandSpec spec) => spec.Name == "SPUBLISH" ? tenant.ShardChannels : tenant.Channels;

    /// <summary>The client's name in the namespace; in a pattern the namespace is taken literally.</summary>
    public static byte[] Upstream(Tenant tenant, SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        kind == SubscriptionKind.Pattern ? NamespacePattern.Of(tenant.Channels, name) : NamespaceOf(tenant, kind).Encode(name);
}
