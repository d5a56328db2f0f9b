using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>What a tenant's channels and patterns are called upstream.</summary>
internal static class ChannelName
{
    /// <summary>The namespace, then the client's name; in a pattern the namespace is taken literally.</summary>
    public static byte[] Upstream(KeyNamespace ns, SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        kind == SubscriptionKind.Pattern ? NamespacePattern.Of(ns, name) : [.. ns.Prefix, .. name];
}
