using System.Security.Cryptography;
using System.Text;

namespace RespProxy.Configuration.Tests;

public class ValidConfigurationTests
{
    [Fact]
    public void The_least_configuration_takes_every_default()
    {
        ProxySnapshot snapshot = Loading.Valid(Loading.Minimal);

        Assert.Equal(TransportKind.Auto, snapshot.Transport);
        Assert.Equal(1, snapshot.Loops);
        Assert.Equal(new AdminSnapshot(), snapshot.Admin);
        Assert.Equal(new LimitsSnapshot(), snapshot.Limits);
        Assert.Equal(new LogSnapshot(), snapshot.Log);
        Assert.Equal(TimeSpan.FromSeconds(10), snapshot.DrainTimeout);
        Assert.Equal(new NodeAddress("127.0.0.1", 7000), Assert.Single(Assert.Single(snapshot.Upstreams).Seeds));
    }

    [Fact]
    public void A_tenant_without_a_namespace_gets_upstream_at_name_and_the_only_upstream()
    {
        TenantSnapshot tenant = Assert.Single(Loading.Valid(Loading.Minimal).Tenants);

        Assert.Equal("main@shop", tenant.Namespace);
        Assert.Equal("main", tenant.Upstream);
        Assert.False(tenant.AllowFlush);
        Assert.Equal(ScriptAccess.Confined, tenant.Scripts);
    }

    [Fact]
    public void Every_value_is_read()
    {
        ProxySnapshot snapshot = Loading.Valid("""
            transport: sockets
            loops: 4
            upstreams:
              - name: eu1
                mode: standalone
                seeds: ["[::1]:7000"]
                username: proxy
                password: "p:w"
                connectTimeout: 250ms
                requestTimeout: 1m
                topologyRefresh: 30s
                maxRedirects: 16
                placementMarkers: false
            listeners:
              - name: local
                bind: unix:///run/r.sock
                unixMode: 0600
              - name: tcp
                bind: "tcp://[::]:0"
                tenant: shop
            tenants:
              - name: shop
                upstream: eu1
                namespace: cluster@app
                passwords: [one]
                allowFlush: true
                scripts: denied
                placement: Pinned
                databases: 1
                forcePlacement: true
            admin: {enabled: false, bind: "0.0.0.0:80"}
            limits:
              maxBulkLength: 64MiB
              maxArguments: 1000
              maxClients: 5
              clientOutputBuffer: 1m
              clientQueryBuffer: 100mb
              clientPendingRequests: 7
              trackedKeys: 1000
              authenticationTimeout: 3s
            log: {format: json, level: debug}
            drainTimeout: 0s
            """);

        Assert.Equal((TransportKind.Sockets, 4, TimeSpan.Zero), (snapshot.Transport, snapshot.Loops, snapshot.DrainTimeout));
        UpstreamSnapshot upstream = snapshot.Upstreams[0];
        Assert.Equal((UpstreamMode.Standalone, "proxy", "p:w", 16), (upstream.Mode, upstream.Username, upstream.Password, upstream.MaxRedirects));
        Assert.Equal("[::1]:7000", upstream.Seeds[0].ToString());
        Assert.Equal("::1", upstream.Seeds[0].Host);
        Assert.Equal(
            (TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(30)),
            (upstream.ConnectTimeout, upstream.RequestTimeout, upstream.TopologyRefresh));
        Assert.Equal(new ListenerSnapshot { Name = "local", UnixPath = "/run/r.sock", UnixMode = 0b110_000_000 }, snapshot.Listeners[0]);
        Assert.Equal(new ListenerSnapshot { Name = "tcp", Host = "::", Port = 0, Tenant = "shop" }, snapshot.Listeners[1]);
        Assert.Equal("cluster@app", snapshot.Tenants[0].Namespace);
        Assert.True(snapshot.Tenants[0].AllowFlush);
        Assert.Equal(ScriptAccess.Denied, snapshot.Tenants[0].Scripts);
        Assert.Equal((KeyPlacement.Pinned, 1, true), (snapshot.Tenants[0].Placement, snapshot.Tenants[0].Databases, snapshot.Tenants[0].ForcePlacement));
        Assert.False(upstream.PlacementMarkers);
        Assert.Equal(new AdminSnapshot { Enabled = false, Host = "0.0.0.0", Port = 80 }, snapshot.Admin);
        Assert.Equal(new LogSnapshot { Format = LogFormat.Json, Level = "Debug" }, snapshot.Log);
        Assert.Equal(
            new LimitsSnapshot
            {
                MaxBulkLength = 64 << 20,
                MaxArguments = 1000,
                MaxClients = 5,
                ClientOutputBuffer = 1_000_000,
                ClientQueryBuffer = 100 << 20,
                ClientPendingRequests = 7,
                TrackedKeys = 1000,
                AuthenticationTimeout = TimeSpan.FromSeconds(3),
            },
            snapshot.Limits);
    }

    [Theory]
    [InlineData("65536", 65536)]
    [InlineData("65536b", 65536)]
    [InlineData("100k", 100_000)]
    [InlineData("100kb", 102_400)]
    [InlineData("100 KiB", 102_400)]
    [InlineData("1m", 1_000_000)]
    [InlineData("1MB", 1 << 20)]
    [InlineData("1MiB", 1 << 20)]
    [InlineData("2g", 2_000_000_000)]
    [InlineData("2GiB", 2L << 30)]
    public void A_size_has_the_units_of_redis_conf(string text, long bytes)
    {
        Assert.Equal(bytes, Loading.Valid(Loading.With($"limits: {{clientOutputBuffer: {text}}}")).Limits.ClientOutputBuffer);
    }

    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("5s", 5_000)]
    [InlineData("5 s", 5_000)]
    [InlineData("1m", 60_000)]
    [InlineData("1h", 3_600_000)]
    public void A_duration_has_a_unit(string text, int milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Loading.Valid(Loading.With($"drainTimeout: {text}")).DrainTimeout);
    }

    [Fact]
    public void A_section_whose_keys_are_all_commented_out_is_an_empty_section()
    {
        Assert.Equal(new LimitsSnapshot(), Loading.Valid(Loading.With("limits:\n  # maxClients: 5")).Limits);
    }

    [Fact]
    public void A_tenant_accepts_each_of_its_passwords_and_nothing_else()
    {
        string hash = Convert.ToHexString(SHA256.HashData("three"u8));
        TenantSnapshot tenant = Loading.Valid(Loading.Minimal + $"\n    passwords: [one, two, {{sha256: {hash}}}]").Tenants[0];

        Assert.True(tenant.AcceptsPassword("one"u8));
        Assert.True(tenant.AcceptsPassword("two"u8));
        Assert.True(tenant.AcceptsPassword("three"u8));
        Assert.False(tenant.AcceptsPassword("four"u8));
        Assert.False(tenant.AcceptsPassword("one\n"u8));
        Assert.False(tenant.AcceptsPassword(""u8));
        Assert.False(tenant.AcceptsPassword(Encoding.UTF8.GetBytes(hash)));
    }

    [Fact]
    public void A_tenant_without_passwords_accepts_none()
    {
        TenantSnapshot tenant = Loading.Valid(Loading.Minimal).Tenants[0];

        Assert.False(tenant.AcceptsPassword(""u8));
        Assert.False(tenant.AcceptsPassword("x"u8));
    }

    [Fact]
    public void A_secret_comes_from_the_environment_or_from_a_file_without_its_last_newline()
    {
        string directory = Directory.CreateTempSubdirectory("respproxy-secrets-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, "password"), "from file\n\n");
            File.WriteAllText(Path.Combine(directory, "respproxy.yaml"), Loading.Minimal.Replace(
                "- name: main", "- name: main\n    password: {file: password}", StringComparison.Ordinal) + "\n    passwords: [{env: SHOP}]");

            ConfigurationResult result = ConfigurationLoader.LoadFile(
                Path.Combine(directory, "respproxy.yaml"), new Dictionary<string, string> { ["SHOP"] = "from environment" }, []);

            Assert.Empty(result.Errors);
            Assert.Equal("from file\n", result.Snapshot!.Upstreams[0].Password);
            Assert.True(result.Snapshot.Tenants[0].AcceptsPassword("from environment"u8));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Records_do_not_print_secrets()
    {
        ProxySnapshot snapshot = Loading.Valid(Loading.Minimal.Replace(
            "- name: main", "- name: main\n    password: hunter2", StringComparison.Ordinal) + "\n    passwords: [hunter3]");
        string printed = $"{snapshot} {snapshot.Upstreams[0]} {snapshot.Tenants[0]} {new ConfigurationOverride("upstreams.0.password", "hunter4", "--set upstreams.0.password")}";

        Assert.Contains("main@shop", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexString(SHA256.HashData("hunter3"u8)), printed, StringComparison.OrdinalIgnoreCase);
    }
}
