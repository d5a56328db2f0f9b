namespace RespProxy.Configuration.Tests;

public class OtlpTests
{
    [Fact]
    public void Without_an_endpoint_nothing_is_sent() => Assert.Null(Loading.Valid(Loading.Minimal).Otlp.Endpoint);

    [Theory]
    [InlineData("http://collector:4318", "http://collector:4318/v1/metrics")]
    [InlineData("http://collector:4318/", "http://collector:4318/v1/metrics")]
    [InlineData("https://metrics.example/otlp/metrics?tenant=1", "https://metrics.example/otlp/metrics?tenant=1")]
    public void A_receiver_without_a_path_is_asked_at_the_path_of_metrics(string endpoint, string expected) =>
        Assert.Equal(new Uri(expected), Loading.Valid($"{Loading.Minimal}\notlp: {{endpoint: \"{endpoint}\"}}").Otlp.Endpoint);

    [Fact]
    public void Headers_may_be_secrets_which_no_text_of_the_configuration_shows()
    {
        OtlpSnapshot otlp = Loading.Valid(
            Loading.Minimal + "\notlp: {endpoint: \"http://c:1\", protocol: http/json, interval: 1m, timeout: 3s, headers: [{name: Authorization, value: {env: TOKEN}}], attributes: [{name: team, value: a b}]}",
            new() { ["TOKEN"] = "Bearer hunter2" }).Otlp;

        Assert.Equal([new OtlpPair("Authorization", "Bearer hunter2")], otlp.Headers);
        Assert.Equal([new OtlpPair("team", "a b")], otlp.Attributes);
        Assert.Equal((OtlpProtocol.HttpJson, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(3)), (otlp.Protocol, otlp.Interval, otlp.Timeout));
        Assert.DoesNotContain("hunter2", otlp.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("endpoint: collector", "otlp.endpoint: 'collector' is not an address; write http://HOST:4318 or https://HOST/PATH")]
    [InlineData("endpoint: \"grpc://c:4317\"", "otlp.endpoint: 'grpc://c:4317' is not an address; write http://HOST:4318 or https://HOST/PATH")]
    [InlineData("endpoint: \"http://u:p@c:1\"", "otlp.endpoint: must not hold a user or a password; write them as a header")]
    [InlineData("protocol: grpc", "otlp.protocol: grpc is not spoken here; receivers take http/protobuf too, mostly on port 4318")]
    [InlineData("protocol: http", "otlp.protocol: 'http' is not allowed here; allowed: http/protobuf, http/json")]
    [InlineData("interval: 10ms", "otlp.interval: '10ms' is out of range; from 1s to 1h")]
    [InlineData("headers: [{name: \"a b\", value: x}]", "otlp.headers[0].name: 'a b' may hold letters, digits, '.', '-' and '_' only")]
    [InlineData("headers: [{name: a, value: x}, {name: A, value: y}]", "otlp.headers[1].name: 'A' is given twice; remove one")]
    [InlineData("headers: [{name: a}]", "otlp.headers[0].value: is missing; write one, as value: {env: OTLP_TOKEN}")]
    [InlineData("headers: [{name: a, value: \"x\\r\\nb: c\"}]", "otlp.headers[0].value: may hold printable ASCII characters only")]
    [InlineData("attributes: [{value: x}]", "otlp.attributes[0].name: is missing; write one")]
    public void What_cannot_be_sent_is_refused(string line, string error) =>
        Assert.Contains(error, Assert.Single(Loading.Errors($"{Loading.Minimal}\notlp: {{{line}}}")), StringComparison.Ordinal);
}
