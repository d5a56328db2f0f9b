using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>What a tenant's channels and patterns are called upstream.</summary>
internal static class ChannelName
{
    /// <summary>The namespace, then the client's name; in a pattern the namespace is taken literally.</summary>
    public static byte[] Upstream(KeyNamespace ns, SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        kind == SubscriptionKind.Pattern ? NamespacePattern.Of(ns, name) : [.. ns.Prefix, .. name];

    /// <summary>Keyspace notifications carry the keys of every tenant and come from every node; in the namespace nothing ever would.</summary>
    public static bool IsKeyspaceNotification(ReadOnlySpan<byte> name) =>
        name.StartsWith("__keyspace@"u8) || name.StartsWith("__keyevent@"u8) || name.StartsWith("__key*"u8);
}
