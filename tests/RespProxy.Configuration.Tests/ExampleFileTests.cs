using System.Text.RegularExpressions;
using RespProxy.Configuration.Loading;

namespace RespProxy.Configuration.Tests;

public partial class ExampleFileTests
{
    private static readonly string Directory = Path.Combine(AppContext.BaseDirectory, "config");

    private static readonly Lazy<PemFiles> Certificates = new(PemFiles.Make);

    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["REDIS_PASSWORD"] = "r",
        ["SHOP_PASSWORD"] = "s",
        ["SHOP_PASSWORD_NEXT"] = "t",
        ["DEPLOYER_TOKEN"] = "0123456789abcdef",
        ["OTLP_AUTHORIZATION"] = "u",
    };

    private static string Commented() => File.ReadAllText(Path.Combine(Directory, "respproxy.yaml"));

    /// <summary>With the keys that are off turned on, and the files that it names replaced by some that are there.</summary>
    private static string Uncommented() => PasswordFile().Replace(KeyThatIsOff().Replace(Commented(), "$1$2"), "x")
        .Replace("/run/secrets/admin-clients-ca.crt", Certificates.Value.Certificate, StringComparison.Ordinal)
        .Replace("/run/secrets/admin.crt", Certificates.Value.Certificate, StringComparison.Ordinal)
        .Replace("/run/secrets/admin.key", Certificates.Value.Key, StringComparison.Ordinal);

    [Theory]
    [InlineData("respproxy.yaml")]
    [InlineData("examples/sidecar.yaml")]
    [InlineData("examples/shared.yaml")]
    [InlineData("examples/standalone.yaml")]
    public void An_example_is_valid(string file) =>
        Assert.Empty(ConfigurationLoader.LoadFile(Path.Combine(Directory, file), Secrets, []).Errors);

    [Fact]
    public void The_commented_file_is_valid_with_every_key_turned_on() => Loading.Valid(Uncommented(), Secrets);

    [Fact]
    public void The_commented_file_shows_the_defaults()
    {
        ProxySnapshot shown = Loading.Valid(Uncommented(), Secrets);
        ControlRedisSnapshot control = shown.Rules.Redis!, shared = shown.Fleet!.Redis;
        var defaults = new ProxySnapshot
        {
            Upstreams = shown.Upstreams,
            Listeners = shown.Listeners,
            Tenants = shown.Tenants,
            Usage = new UsageSnapshot { File = shown.Usage.File },
            Admin = new AdminSnapshot { Tokens = shown.Admin.Tokens, Tls = shown.Admin.Tls },
            Alerts = shown.Alerts,
            NodeMemory = new NodeMemorySnapshot(),
            Rules = new RulesSnapshot
            {
                Directory = shown.Rules.Directory,
                Redis = new ControlRedisSnapshot { Addresses = control.Addresses, Username = control.Username, Password = control.Password },
            },
            Fleet = new FleetSnapshot { Redis = new ControlRedisSnapshot { Addresses = shared.Addresses, Username = shared.Username, Password = shared.Password } },
            Otlp = new OtlpSnapshot { Endpoint = shown.Otlp.Endpoint, Headers = shown.Otlp.Headers, Attributes = shown.Otlp.Attributes },
        };
        UpstreamSnapshot upstream = shown.Upstreams[0];
        var upstreamDefaults = new UpstreamSnapshot { Name = upstream.Name, Seeds = upstream.Seeds, Username = upstream.Username, Password = upstream.Password };

        Assert.Equal(defaults, shown);
        Assert.Equal(upstreamDefaults, upstream);
        Assert.Equal(new ListenerSnapshot { Name = "" }.UnixMode, Assert.Single(shown.Listeners, listener => listener.UnixPath is not null).UnixMode);
        Assert.Equal("main@shop", shown.Tenants[0].Namespace);
        Assert.False(shown.Tenants[0].AllowFlush);
    }

    [Fact]
    public void The_commented_file_shows_the_defaults_of_alerts()
    {
        AlertsSnapshot shown = Loading.Valid(Uncommented(), Secrets).Alerts!;
        AlertReceiverSnapshot receiver = Assert.Single(shown.Receivers);

        Assert.Equal(new AlertsSnapshot { Source = shown.Source, Receivers = shown.Receivers }, shown);
        Assert.Equal(new AlertReceiverSnapshot { Name = receiver.Name, Url = receiver.Url, Headers = receiver.Headers }, receiver);
    }

    [Fact]
    public void The_commented_file_shows_every_key()
    {
        var errors = new ErrorList();
        MapNode tree = YamlTree.Parse(Uncommented(), "respproxy.yaml", errors)!;
        var missing = new List<string>();
        FindMissing([tree], Schema.Root, "", missing);

        Assert.Equal(0, errors.Count);
        Assert.Empty(missing);
    }

    /// <summary>A key counts as shown when any element of its list has it.</summary>
    private static void FindMissing(IReadOnlyList<ConfigNode> nodes, Schema schema, string path, List<string> missing)
    {
        if (schema.Kind == SchemaKind.List)
            FindMissing([.. nodes.OfType<ListNode>().SelectMany(list => list.Items)], schema.Item!, path, missing);
        if (schema.Kind != SchemaKind.Map)
            return;
        foreach (SchemaKey key in schema.Keys)
        {
            ConfigNode[] children = [.. nodes.OfType<MapNode>().Select(map => map.Find(key.Name)).OfType<ConfigNode>()];
            if (children.Length == 0)
                missing.Add($"{path}.{key.Name}");
            FindMissing(children, key.Schema, $"{path}.{key.Name}", missing);
        }
    }

    [GeneratedRegex(@"\{file: /run/secrets/[a-z-]+\}")]
    private static partial Regex PasswordFile();

    [GeneratedRegex("^( +)#(\\S|  +)", RegexOptions.Multiline)]
    private static partial Regex KeyThatIsOff();
}
