using System.Collections.Immutable;

namespace RespProxy.Configuration.Loading;

/// <summary>Where rule sets come from and are kept.</summary>
internal static class RulesReader
{
    private const int MaxKeep = 1000, MaxKeyLength = 256;

    public static RulesSnapshot Read(Section section, SecretReader secrets)
    {
        var defaults = new RulesSnapshot();
        string? directory = section.Text("directory");
        if (directory is not null && !Path.IsPathFullyQualified(directory))
            section.Error("directory", $"{Suggestion.Quote(directory)} is not an absolute path of a directory");
        Section redis = section.Child("redis");
        string key = redis.Text("key") ?? defaults.Key;
        if (key.Length is 0 or > MaxKeyLength || !key.All(c => c is > ' ' and <= '~'))
            redis.Error("key", $"{Suggestion.Quote(key)} must be 1 to {MaxKeyLength} printable ASCII characters without spaces");
        return new RulesSnapshot
        {
            Directory = directory,
            Keep = section.Integer("keep", defaults.Keep, 1, MaxKeep),
            Redis = section.Has("redis") ? ReadServer(redis, secrets) : null,
            Key = key,
        };
    }

    /// <summary>A control Redis.</summary>
    public static ControlRedisSnapshot ReadServer(Section section, SecretReader secrets)
    {
        var defaults = new ControlRedisSnapshot { Addresses = [] };
        string? password = section.Node("password") is { } secret ? secrets.ReadText(secret, section.PathOf("password")) : null;
        if (section.Has("username") && !section.Has("password"))
            section.Error("username", "needs a password beside it");
        return new ControlRedisSnapshot
        {
            Addresses = ReadAddresses(section),
            Username = section.Text("username"),
            Password = password,
            Timeout = section.Duration("timeout", defaults.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
        };
    }

    private static ImmutableArray<NodeAddress> ReadAddresses(Section section)
    {
        var addresses = ImmutableArray.CreateBuilder<NodeAddress>();
        foreach ((ConfigNode node, string path) in section.Items("addresses"))
        {
            if (node is not ScalarNode { IsNull: false } scalar)
                continue;
            if (Values.ParseAddress(scalar.Text, minPort: 1, out NodeAddress address) is { } wrong)
                section.ErrorAt(node, path, $"{Suggestion.Quote(scalar.Text)}: {wrong}");
            else
                addresses.Add(address);
        }

        if (section.Node("addresses") is null or ListNode { Items.Count: 0 } or ScalarNode { IsNull: true })
            section.Error("addresses", "needs at least one host:port of a Redis");
        return addresses.ToImmutable();
    }
}
