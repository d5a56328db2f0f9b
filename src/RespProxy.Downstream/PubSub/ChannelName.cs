using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>What a tenant's channels and patterns are called upstream.</summary>
internal static class ChannelName
{
    /// <summary>
    /// The namespace, then the client's name. In a pattern the namespace is taken literally; it comes first and fixes its own length, so that
    /// nothing in the client's part can reach back into it.
    /// </summary>
    public static byte[] Upstream(KeyNamespace ns, SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        var whole = new List<byte>(ns.PrefixLength + name.Length);
        foreach (byte b in ns.Prefix)
        {
            if (kind == SubscriptionKind.Pattern && "*?[]^\\"u8.Contains(b)) whole.Add((byte)'\\');
            whole.Add(b);
        }

        whole.AddRange(name);
        return [.. whole];
    }

    /// <summary>Keyspace notifications carry the keys of every tenant and come from every node; in the namespace nothing ever would.</summary>
    public static bool IsKeyspaceNotification(ReadOnlySpan<byte> name) =>
        name.StartsWith("__keyspace@"u8) || name.StartsWith("__keyevent@"u8) || name.StartsWith("__key*"u8);
}
