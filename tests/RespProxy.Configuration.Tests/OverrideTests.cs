namespace RespProxy.Configuration.Tests;

public class OverrideTests
{
    private static Dictionary<string, string> Environment(string name, string value) => new() { [name] = value };

    [Fact]
    public void The_environment_beats_the_file_and_the_command_line_beats_both()
    {
        string file = Loading.With("loops: 2");

        Assert.Equal(2, Loading.Valid(file).Loops);
        Assert.Equal(3, Loading.Valid(file, Environment("RESPPROXY_LOOPS", "3")).Loops);
        Assert.Equal(4, Loading.Valid(file, Environment("RESPPROXY_LOOPS", "3"), "loops=4").Loops);
        Assert.Equal(5, Loading.Valid(file, Environment("RESPPROXY_LOOPS", "3"), "loops=4", "loops=5").Loops);
    }

    [Theory]
    [InlineData("RESPPROXY_LOG__LEVEL", "Debug")]
    [InlineData("RESPPROXY_log__level", "Debug")]
    public void Two_underscores_step_into_a_section(string name, string value) =>
        Assert.Equal(value, Loading.Valid(Loading.Minimal, Environment(name, value)).Log.Level);

    [Theory]
    [InlineData("RESPPROXY_DRAINTIMEOUT")]
    [InlineData("RESPPROXY_DRAIN_TIMEOUT")]
    public void Case_and_single_underscores_do_not_matter(string name) =>
        Assert.Equal(TimeSpan.FromSeconds(3), Loading.Valid(Loading.Minimal, Environment(name, "3s")).DrainTimeout);

    [Theory]
    [InlineData("RESPPROXY_UPSTREAMS__0__PASSWORD")]
    [InlineData("RESPPROXY_UPSTREAMS__MAIN__PASSWORD")]
    public void An_element_is_named_by_index_or_by_name(string name) =>
        Assert.Equal("x=y", Loading.Valid(Loading.Minimal, Environment(name, "x=y")).Upstreams[0].Password);

    [Fact]
    public void A_name_with_a_hyphen_can_be_named_in_the_environment()
    {
        string yaml = Loading.Minimal.Replace("main", "eu-1", StringComparison.Ordinal);

        Assert.Equal("x", Loading.Valid(yaml, Environment("RESPPROXY_UPSTREAMS__EU_1__PASSWORD", "x")).Upstreams[0].Password);
    }

    [Fact]
    public void A_list_of_values_is_written_with_commas()
    {
        Assert.Equal(
            [new NodeAddress("a", 1), new NodeAddress("b", 2)],
            Loading.Valid(Loading.Minimal, null, "upstreams.main.seeds=a:1, b:2").Upstreams[0].Seeds);
    }

    [Fact]
    public void A_password_may_hold_commas()
    {
        TenantSnapshot tenant = Loading.Valid(Loading.Minimal, null, "tenants.shop.passwords.0=a,b").Tenants[0];

        Assert.True(tenant.AcceptsPassword("a,b"u8));
        Assert.Single(tenant.PasswordHashes);
    }

    [Fact]
    public void A_secret_can_be_pointed_to_a_variable()
    {
        ProxySnapshot snapshot = Loading.Valid(
            Loading.Minimal.Replace("- name: main", "- name: main\n    password: old", StringComparison.Ordinal),
            Environment("SECRET", "new"),
            "upstreams.0.password.env=SECRET");

        Assert.Equal("new", snapshot.Upstreams[0].Password);
    }

    [Fact]
    public void Everything_can_come_from_the_environment()
    {
        var environment = new Dictionary<string, string>
        {
            ["RESPPROXY_TENANTS__0__NAME"] = "shop",
            ["RESPPROXY_UPSTREAMS__0__NAME"] = "main",
            ["RESPPROXY_UPSTREAMS__0__SEEDS"] = "h:1",
        };
        for (int i = 0; i < 12; i++)
        {
            environment[$"RESPPROXY_LISTENERS__{i}__BIND"] = $"127.0.0.1:{6000 + i}";
            environment[$"RESPPROXY_LISTENERS__{i}__TENANT"] = "shop";
        }

        Assert.Equal(Enumerable.Range(6000, 12), Loading.Valid("", environment).Listeners.Select(listener => listener.Port));
    }

    [Theory]
    [InlineData("RESPPROXY_LOOPS", "0", "environment RESPPROXY_LOOPS: loops: '0' is not a whole number from 1 to 64")]
    [InlineData("RESPPROXY_LOPS", "2", "environment RESPPROXY_LOPS: unknown key 'LOPS'; did you mean 'loops'?")]
    [InlineData("RESPPROXY_LOG__LVEL", "x", "environment RESPPROXY_LOG__LVEL: log: unknown key 'LVEL'; did you mean 'level'?")]
    [InlineData("RESPPROXY_LOG", "x", "environment RESPPROXY_LOG: log: is a section; name one of its keys: format, level")]
    [InlineData("RESPPROXY_TENANTS", "x", "environment RESPPROXY_TENANTS: tenants: is a list; name an element by its index or name")]
    [InlineData("RESPPROXY_TENANTS__0", "x", "environment RESPPROXY_TENANTS__0: tenants[0]: is a section; name one of its keys: name, upstream, namespace, passwords, allowFlush, placement, databases, forcePlacement, scripts, limits, quota, deny, nearCache")]
    [InlineData("RESPPROXY_TENANTS__5__NAME", "x", "environment RESPPROXY_TENANTS__5__NAME: tenants: no element '5'; use an index from 0 to 1 or a name: 'shop'")]
    [InlineData("RESPPROXY_TENANTS__SHIP__UPSTREAM", "x", "environment RESPPROXY_TENANTS__SHIP__UPSTREAM: tenants: no element 'SHIP'; use an index from 0 to 1 or a name: 'shop'")]
    [InlineData("RESPPROXY_LOOPS__0", "x", "environment RESPPROXY_LOOPS__0: loops: is a single value; nothing can follow its name")]
    public void A_wrong_override_names_the_variable(string name, string value, string error) =>
        Assert.Equal([error], Loading.Errors(Loading.Minimal, Environment(name, value)));

    [Fact]
    public void A_wrong_set_names_the_option()
    {
        Assert.Equal(
            ["--set drainTimeout: drainTimeout: 'x' is not a duration; write a whole number with ms, s, m or h, as 250ms"],
            Loading.Errors(Loading.Minimal, null, "drainTimeout=x"));
    }

    [Theory]
    [InlineData("loops")]
    [InlineData("=3")]
    [InlineData("")]
    public void A_set_without_a_path_and_an_equals_sign_is_none(string text) => Assert.Null(ConfigurationOverride.Parse(text));

    [Theory]
    [InlineData("RESPPROXY_PORT", "tcp://10.0.0.1:6379")]
    [InlineData("RESPPROXY_PORT_6379_TCP", "tcp://10.0.0.1:6379")]
    [InlineData("RESPPROXY_PORT_6379_TCP_ADDR", "10.0.0.1")]
    [InlineData("RESPPROXY_SERVICE_HOST", "10.0.0.1")]
    [InlineData("RESPPROXY_SERVICE_PORT_REDIS", "6379")]
    [InlineData("RESPPROXY_ADMIN_SERVICE_PORT", "9180")]
    [InlineData("RESPPROXY_CONFIG", "/etc/respproxy.yaml")]
    [InlineData("RESPPROXYLOOPS", "9")]
    public void Variables_that_kubernetes_injects_or_that_are_not_overrides_are_left_alone(string name, string value) =>
        Assert.Equal(1, Loading.Valid(Loading.Minimal, Environment(name, value)).Loops);

    [Fact]
    public void A_variable_that_the_file_reads_as_a_secret_is_not_an_override()
    {
        string yaml = Loading.Minimal + "\n    passwords: [{env: RESPPROXY_SHOP_PASSWORD}]";

        Assert.True(Loading.Valid(yaml, Environment("RESPPROXY_SHOP_PASSWORD", "s")).Tenants[0].AcceptsPassword("s"u8));
    }
}
