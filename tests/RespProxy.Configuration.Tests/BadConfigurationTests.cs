namespace RespProxy.Configuration.Tests;

public class BadConfigurationTests
{
    [Fact]
    public void Every_error_is_told_at_once_in_the_order_of_the_file()
    {
        Assert.Equal(
            [
                "test.yaml:1:1: unknown key 'lisener'; did you mean 'listeners'?",
                "test.yaml:1:1: listeners: needs at least one element (where clients connect: a bind address)",
                "test.yaml:3:8: loops: '0' is not a whole number from 1 to 64",
                "test.yaml:5:5: upstreams[0].seeds: needs at least one host:port of a node",
                "test.yaml:6:11: upstreams[0].mode: 'clutser' is not allowed here; allowed: cluster, standalone; did you mean 'cluster'?",
                "test.yaml:8:29: tenants[0].namespace: 'a:b@c' may hold letters, digits, '.', '_' and '-' only, besides its '@'",
                "test.yaml:9:5: tenants[1].name: is missing; write one, as name: shop",
                "test.yaml:10:15: tenants[1].upstream: there is no upstream 'mian'; did you mean 'main'?",
            ],
            Loading.Errors("""
                lisener:
                  - bind: 127.0.0.1:6379
                loops: 0
                upstreams:
                  - name: main
                    mode: clutser
                tenants:
                  - {name: shop, namespace: "a:b@c"}
                  - namespace: main@x
                    upstream: mian
                """));
    }

    [Theory]
    [InlineData("transport: iouring", "test.yaml:1:12: transport: 'iouring' is not allowed here; allowed: auto, epoll, sockets")]
    [InlineData("loops: many", "test.yaml:1:8: loops: 'many' is not a whole number from 1 to 64")]
    [InlineData("loops: 65", "test.yaml:1:8: loops: '65' is not a whole number from 1 to 64")]
    [InlineData("loops: -1", "test.yaml:1:8: loops: '-1' is not a whole number from 1 to 64")]
    [InlineData("loops: 1.5", "test.yaml:1:8: loops: '1.5' is not a whole number from 1 to 64")]
    [InlineData("loops: 99999999999", "test.yaml:1:8: loops: '99999999999' is not a whole number from 1 to 64")]
    [InlineData("loops:", "test.yaml:1:7: loops: has no value; give it one, or remove the key to use the default")]
    [InlineData("loops: ~", "test.yaml:1:8: loops: has no value; give it one, or remove the key to use the default")]
    [InlineData("loops: [1]", "test.yaml:1:8: loops: expected a single value, found a list")]
    [InlineData("loops: {a: 1}", "test.yaml:1:8: loops: expected a single value, found a section of keys")]
    [InlineData("loops: 1\nloops: 2", "test.yaml:2:1: loops: given twice; the first is in line 1; remove one")]
    [InlineData("Loops: 1", "test.yaml:1:1: unknown key 'Loops'; did you mean 'loops'?")]
    [InlineData("zzzzzzzz: 1", "test.yaml:1:1: unknown key 'zzzzzzzz'; allowed: transport, loops, upstreams, listeners, tenants, admin, limits, slowLog, hotKeys, bigKeys, recentRequests, fleet, usage, rules, alerts, nodeMemory, otlp, log, drainTimeout")]
    [InlineData("drainTimeout: 5", "test.yaml:1:15: drainTimeout: '5' is not a duration; write a whole number with ms, s, m or h, as 250ms")]
    [InlineData("drainTimeout: 5 weeks", "test.yaml:1:15: drainTimeout: '5 weeks' is not a duration; write a whole number with ms, s, m or h, as 250ms")]
    [InlineData("drainTimeout: 2h", "test.yaml:1:15: drainTimeout: '2h' is out of range; from 0 to 1h")]
    [InlineData("drainTimeout: 9223372036854775807h", "test.yaml:1:15: drainTimeout: '9223372036854775807h' is not a duration; write a whole number with ms, s, m or h, as 250ms")]
    [InlineData("limits: [1]", "test.yaml:1:9: limits: expected a section with the keys maxBulkLength, maxArguments, maxClients, clientOutputBuffer, clientQueryBuffer, clientPendingRequests, trackedKeys, authenticationTimeout, found a list")]
    [InlineData("limits: {maxBulk: 1}", "test.yaml:1:10: limits: unknown key 'maxBulk'; allowed: maxBulkLength, maxArguments, maxClients, clientOutputBuffer, clientQueryBuffer, clientPendingRequests, trackedKeys, authenticationTimeout")]
    [InlineData("limits: {maxBulkLength: 1 MB of it}", "test.yaml:1:25: limits.maxBulkLength: '1 MB of it' is not a size; write bytes or a number with kb, mb, gb, KiB, MiB or GiB, as 512mb")]
    [InlineData("limits: {maxBulkLength: 2gb}", "test.yaml:1:25: limits.maxBulkLength: '2gb' is out of range; from 1kb to 1gb")]
    [InlineData("limits: {clientQueryBuffer: 1mb}", "test.yaml:1:29: limits.clientQueryBuffer: is less than maxBulkLength (512mb): an argument of that length could never be sent; raise it or lower maxBulkLength")]
    [InlineData("hotKeys: {counters: 8}", "test.yaml:1:21: hotKeys.counters: '8' is not a whole number from 16 to 16384")]
    [InlineData("hotKeys: {window: 100ms}", "test.yaml:1:19: hotKeys.window: '100ms' is out of range; from 1s to 24h")]
    [InlineData("hotKeys: {sample: 0}", "test.yaml:1:19: hotKeys.sample: '0' is not a whole number from 1 to 1024")]
    [InlineData("hotKeys: {hotreads: 5}", "test.yaml:1:11: hotKeys: unknown key 'hotreads'; did you mean 'hotReads'?")]
    [InlineData("rules: {keep: 0}", "test.yaml:1:15: rules.keep: '0' is not a whole number from 1 to 1000")]
    [InlineData("rules: {directory: rules}", "test.yaml:1:20: rules.directory: 'rules' is not an absolute path of a directory")]
    [InlineData("rules: {redis: {}}", "test.yaml:1:16: rules.redis.addresses: needs at least one host:port of a Redis")]
    [InlineData("rules: {redis: {addresses: [control]}}", "test.yaml:1:29: rules.redis.addresses[0]: 'control': has no port; write host:port")]
    [InlineData("rules: {redis: {addresses: [\"a:1\"], username: u}}", "test.yaml:1:47: rules.redis.username: needs a password beside it")]
    [InlineData("rules: {redis: {addresses: [\"a:1\"], key: a b}}", "test.yaml:1:42: rules.redis.key: 'a b' must be 1 to 256 printable ASCII characters without spaces")]
    [InlineData("bigKeys: {bytes: 10}", "test.yaml:1:18: bigKeys.bytes: '10' is out of range; from 1kb to 512mb")]
    [InlineData("bigKeys: {elements: few}", "test.yaml:1:21: bigKeys.elements: 'few' is not a whole number from 100 to 100000000")]
    [InlineData("bigKeys: {keep: 60}", "test.yaml:1:17: bigKeys.keep: '60' is not a duration; write a whole number with ms, s, m or h, as 250ms")]
    [InlineData("log: {level: verbose}", "test.yaml:1:14: log.level: 'verbose' is not allowed here; allowed: Trace, Debug, Information, Warning, Error, Critical")]
    [InlineData("log: {format: jsn}", "test.yaml:1:15: log.format: 'jsn' is not allowed here; allowed: text, json; did you mean 'json'?")]
    [InlineData("admin: {enabled: yes}", "test.yaml:1:18: admin.enabled: 'yes' is not allowed here; allowed: true, false")]
    [InlineData("admin: {bind: localhost}", "test.yaml:1:15: admin.bind: 'localhost': has no port; write host:port")]
    [InlineData("admin: {bind: \"localhost:65536\"}", "test.yaml:1:15: admin.bind: 'localhost:65536': the port is not a number from 0 to 65535")]
    [InlineData("admin: {bind: \"127.0.0.1:6379\"}", "test.yaml:6:11: listeners[0].bind: the admin endpoint already binds this address; choose another, or change admin.bind")]
    [InlineData("admin: {allowLoopback: maybe}", "test.yaml:1:24: admin.allowLoopback: 'maybe' is not allowed here; allowed: true, false")]
    [InlineData("admin: {tls: {certificate: /nowhere.crt}}", "test.yaml:1:14: admin.tls.key: is missing; write the path of a PEM file")]
    [InlineData("admin: {tokens: [{name: a}]}", "test.yaml:1:18: admin.tokens[0].token: is missing; write {env: NAME}, {file: PATH} or {sha256: HEX}")]
    [InlineData("admin: {tokens: [{token: 0123456789abcdef}]}", "test.yaml:1:18: admin.tokens[0].name: is missing; write one, as name: deployer; the log shows it")]
    [InlineData("admin: {tokens: [{name: a b, token: 0123456789abcdef}]}", "test.yaml:1:25: admin.tokens[0].name: 'a b' may hold letters, digits, '.', '_' and '-' only")]
    [InlineData("admin: {tokens: [{name: a, token: hunter2}]}", "test.yaml:1:35: admin.tokens[0].token: has less than 16 characters and could be guessed; make one with: openssl rand -hex 32")]
    [InlineData("admin: {tokens: [{name: a, token: 0123456789abcdef, access: all}]}", "test.yaml:1:61: admin.tokens[0].access: 'all' is not allowed here; allowed: read, write")]
    [InlineData("admin: {tokens: [{name: a, token: 0123456789abcdef}, {name: a, token: 0123456789abcdefg}]}", "test.yaml:1:61: admin.tokens[1].name: 'a' is another token's name too; names must be unique")]
    [InlineData("admin: {tokens: [{name: a, token: 0123456789abcdef}, {name: b, token: 0123456789abcdef}]}", "test.yaml:1:71: admin.tokens[1].token: is that of 'a' too; whose it is must be clear")]
    [InlineData("admin: {tokens: 7}", "test.yaml:1:17: admin.tokens: expected a list (one '- ' per element), found a single value")]
    [InlineData("loops: *two", "test.yaml:1:8: not valid YAML: anchors (&) and aliases (*) are not supported; quote the text if it starts with such a character")]
    [InlineData("loops: !int 2", "test.yaml:1:8: not valid YAML: tags (!) are not supported; quote the text if it starts with such a character")]
    public void A_wrong_line_is_named_with_its_place_and_what_to_do(string line, string error)
    {
        Assert.Equal([error], Loading.Errors(Loading.With(line)));
    }

    [Theory]
    [InlineData("127.0.0.1", "has no port; write host:port")]
    [InlineData("127.0.0.1:0", "the port is not a number from 1 to 65535")]
    [InlineData("127.0.0.1:65536", "the port is not a number from 1 to 65535")]
    [InlineData("127.0.0.1:http", "the port is not a number from 1 to 65535")]
    [InlineData("::1:6379", "an IPv6 address needs brackets: [::1]:6379")]
    [InlineData("[127.0.0.1]:6379", "the part in brackets is not an IPv6 address")]
    [InlineData("-x:6379", "the host is neither a name nor an address; names hold letters, digits, '.', '-' and '_'")]
    [InlineData("a b:6379", "the host is neither a name nor an address; names hold letters, digits, '.', '-' and '_'")]
    public void A_seed_is_host_and_port(string seed, string error)
    {
        string yaml = Loading.Minimal.Replace("127.0.0.1:7000", seed, StringComparison.Ordinal);

        Assert.Equal([$"test.yaml:3:13: upstreams[0].seeds[0]: '{seed}': {error}"], Loading.Errors(yaml));
    }

    [Theory]
    [InlineData("udp://127.0.0.1:6379", "write tcp://host:port, unix:///path or host:port")]
    [InlineData("unix://run/r.sock", "a Unix socket needs an absolute path: unix:///run/respproxy.sock")]
    [InlineData("unix:///", "a Unix socket needs an absolute path: unix:///run/respproxy.sock")]
    [InlineData("6379", "has no port; write host:port")]
    public void A_bind_address_is_tcp_or_unix(string bind, string error)
    {
        string yaml = Loading.Minimal.Replace("127.0.0.1:6379", bind, StringComparison.Ordinal);

        Assert.Equal([$"test.yaml:5:11: listeners[0].bind: '{bind}': {error}"], Loading.Errors(yaml));
    }

    [Fact]
    public void How_a_tenants_scripts_run_is_one_of_three() =>
        Assert.EndsWith(
            "tenants[0].scripts: 'free' is not allowed here; allowed: denied, confined, trusted",
            Assert.Single(Loading.Errors(Loading.Minimal + "\n    scripts: free")),
            StringComparison.Ordinal);

    [Fact]
    public void Whether_a_tenant_may_flush_is_true_or_false() =>
        Assert.EndsWith(
            "tenants[0].allowFlush: 'yes' is not allowed here; allowed: true, false",
            Assert.Single(Loading.Errors(Loading.Minimal + "\n    allowFlush: yes")),
            StringComparison.Ordinal);

    [Fact]
    public void A_unix_path_is_at_most_107_bytes()
    {
        string longest = "/" + new string('p', 106);

        Assert.Equal(longest, Loading.Valid(Loading.Minimal.Replace("127.0.0.1:6379", $"unix://{longest}", StringComparison.Ordinal)).Listeners[0].UnixPath);
        Assert.EndsWith(
            "the path of a Unix socket is at most 107 bytes, without zeros",
            Assert.Single(Loading.Errors(Loading.Minimal.Replace("127.0.0.1:6379", $"unix://{longest}p", StringComparison.Ordinal))),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("placement: tag", "tenants[0].placement: 'tag' is not allowed here; allowed: spread, tagged, pinned")]
    [InlineData("databases: 0", "tenants[0].databases: '0' is not a whole number from 1 to 1024")]
    [InlineData("databases: 1025", "tenants[0].databases: '1025' is not a whole number from 1 to 1024")]
    public void A_placement_or_number_of_databases_that_there_is_not_is_refused(string line, string error) =>
        Assert.Contains(error, Assert.Single(Loading.Errors(Loading.Minimal + "\n    " + line)), StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:6379", "127.0.0.1:6379", true)]
    [InlineData("127.0.0.1:6379", "localhost:6379", true)]
    [InlineData("127.0.0.1:6379", "0.0.0.0:6379", true)]
    [InlineData("[::]:6379", "127.0.0.1:6379", true)]
    [InlineData("[::1]:6379", "[0::1]:6379", true)]
    [InlineData("unix:///run/r.sock", "unix:///run/r.sock", true)]
    [InlineData("127.0.0.1:6379", "127.0.0.1:6380", false)]
    [InlineData("127.0.0.1:6379", "127.0.0.2:6379", false)]
    [InlineData("127.0.0.1:0", "127.0.0.1:0", false)]
    [InlineData("unix:///run/r.sock", "unix:///run/s.sock", false)]
    public void Two_listeners_cannot_bind_one_address(string first, string second, bool refused)
    {
        ConfigurationResult result = Loading.Load($"""
            upstreams: [{"{"}name: main, seeds: ["h:1"]{"}"}]
            tenants: [{"{"}name: shop{"}"}]
            listeners:
              - bind: "{first}"
                tenant: shop
              - bind: "{second}"
                tenant: shop
            """);

        Assert.Equal(
            refused ? ["test.yaml:6:11: listeners[1].bind: listeners[0] already binds this address; choose another"] : [],
            result.Errors.Select(error => error.ToString()));
    }

    [Fact]
    public void An_empty_file_lacks_upstreams_listeners_and_tenants()
    {
        string[] expected =
        [
            "test.yaml:1:1: upstreams: needs at least one element (where the data is: a name and the seeds of a Redis or Valkey)",
            "test.yaml:1:1: listeners: needs at least one element (where clients connect: a bind address)",
            "test.yaml:1:1: tenants: needs at least one element (whose keys there are: a name)",
        ];

        Assert.Equal(expected.Select(error => error.Replace(":1:1", "", StringComparison.Ordinal)), Loading.Errors("# nothing"));
        Assert.Equal(expected, Loading.Errors("{}"));
    }

    [Fact]
    public void A_standalone_has_one_seed()
    {
        string yaml = Loading.Minimal.Replace("[\"127.0.0.1:7000\"]", "[\"a:1\", \"b:1\"]\n    mode: standalone", StringComparison.Ordinal);

        Assert.Equal(
            ["test.yaml:3:12: upstreams[0].seeds: a standalone upstream has exactly one seed, found 2; for a cluster write mode: cluster"],
            Loading.Errors(yaml));
    }

    [Fact]
    public void References_lead_somewhere()
    {
        Assert.Equal(
            [
                "test.yaml:3:27: listeners[0].tenant: there is no tenant 'shp'; did you mean 'shop'?",
                "test.yaml:5:5: tenants[0].upstream: is missing; there are several: a, b",
                "test.yaml:6:25: tenants[1].upstream: there is no upstream 'c'; allowed: a, b",
            ],
            Loading.Errors("""
                upstreams: [{name: a, seeds: ["h:1"]}, {name: b, seeds: ["h:1"]}]
                listeners:
                  - {bind: "h:1", tenant: shp}
                tenants:
                  - {name: shop, namespace: a@s}
                  - {name: x, upstream: c, namespace: a@x}
                """));
    }

    [Fact]
    public void Names_are_unique()
    {
        Assert.Equal(
            [
                "test.yaml:1:47: upstreams[1].name: 'a' is the name of upstreams[0] too; names must be unique",
                "test.yaml:2:55: listeners[1].name: 'l' is the name of listeners[0] too; names must be unique",
                "test.yaml:3:42: tenants[1].name: 't' is the name of tenants[0] too; names must be unique",
            ],
            Loading.Errors("""
                upstreams: [{name: a, seeds: ["h:1"]}, {name: a, seeds: ["h:1"]}]
                listeners: [{name: l, bind: "h:1", tenant: t}, {name: l, bind: "h:2", tenant: t}]
                tenants: [{name: t, upstream: a}, {name: t, upstream: a}]
                """));
    }

    [Fact]
    public void A_listener_without_a_tenant_needs_some_tenant_with_a_password()
    {
        string yaml = Loading.Minimal.Replace("    tenant: shop\n", "", StringComparison.Ordinal);

        Assert.Equal(
            ["test.yaml:5:5: listeners[0].tenant: is missing, and no tenant has a password, so no client could ever authenticate; name a tenant here or give one a password"],
            Loading.Errors(yaml));
        Assert.Null(Loading.Valid(yaml + "\n    passwords: [x]").Listeners[0].Tenant);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("\"0888\"")]
    [InlineData("\"1777\"")]
    [InlineData("rw-rw----")]
    public void A_unix_mode_is_octal(string mode)
    {
        string yaml = Loading.Minimal.Replace("127.0.0.1:6379", $"unix:///r.sock\n    unixMode: {mode}", StringComparison.Ordinal);

        Assert.Equal(
            [$"test.yaml:6:15: listeners[0].unixMode: '{mode.Trim('"')}' is not a mode; write three octal digits, as \"0660\""],
            Loading.Errors(yaml));
    }

    [Fact]
    public void A_unix_mode_is_for_unix_sockets()
    {
        Assert.Equal(
            ["test.yaml:7:15: listeners[0].unixMode: is for Unix sockets only; remove it, or bind to unix:///path"],
            Loading.Errors(Loading.Minimal.Replace("    tenant: shop\n", "    tenant: shop\n    unixMode: 0660\n", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("clientView: clutser", "test.yaml:7:17: listeners[0].clientView: 'clutser' is not allowed here; allowed: standalone, cluster; did you mean 'cluster'?")]
    [InlineData("announce: \"host:1\"", "test.yaml:7:15: listeners[0].announce: is for clientView: cluster only; remove it, or add that")]
    [InlineData("clientView: cluster\n    announce: host", "test.yaml:8:15: listeners[0].announce: 'host': has no port; write host:port")]
    [InlineData("clientView: cluster\n    announce: \"host:0\"", "test.yaml:8:15: listeners[0].announce: 'host:0': the port is not a number from 1 to 65535")]
    public void A_client_view_and_what_it_announces_are_checked(string lines, string error) =>
        Assert.Equal([error], Loading.Errors(Loading.Minimal.Replace("    tenant: shop\n", $"    tenant: shop\n    {lines}\n", StringComparison.Ordinal)));

    [Fact]
    public void A_cluster_view_of_a_unix_socket_needs_an_address_to_announce()
    {
        string yaml = Loading.Minimal.Replace("127.0.0.1:6379", "unix:///r.sock\n    clientView: cluster", StringComparison.Ordinal);

        Assert.Contains("listeners[0].announce: is missing: a cluster client connects to host:port, which a Unix socket has not", Assert.Single(Loading.Errors(yaml)), StringComparison.Ordinal);
        ListenerSnapshot listener = Loading.Valid(yaml.Replace("clientView: cluster", "clientView: cluster\n    announce: \"[::1]:7000\"", StringComparison.Ordinal)).Listeners[0];
        Assert.Equal((ClientView.Cluster, new NodeAddress("::1", 7000)), (listener.ClientView, listener.Announce));
    }

    [Fact]
    public void A_username_needs_a_password()
    {
        Assert.Equal(
            ["test.yaml:3:15: upstreams[0].username: needs a password beside it"],
            Loading.Errors(Loading.Minimal.Replace("- name: main", "- name: main\n    username: u", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("nowhere.yaml", "the file does not exist")]
    [InlineData(".", "is a directory, not a file")]
    public void A_file_that_cannot_be_read_is_an_error(string path, string error)
    {
        ConfigurationResult result = ConfigurationLoader.LoadFile(path, new Dictionary<string, string>(), []);

        Assert.Null(result.Snapshot);
        Assert.Equal($"{path}: {error}", Assert.Single(result.Errors).ToString());
    }

    [Fact]
    public void Two_documents_in_one_file_are_refused()
    {
        Assert.Contains("a second YAML document starts here", Loading.Errors(Loading.Minimal + "\n---\nloops: 2")[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        Assert.Contains("nested deeper than 16 levels", Assert.Single(Loading.Errors(new string('[', 2000))), StringComparison.Ordinal);
    }
}
