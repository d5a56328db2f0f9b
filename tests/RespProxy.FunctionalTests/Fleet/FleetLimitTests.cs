namespace RespProxy.FunctionalTests.Fleet;

/// <summary>A limit of a fleet is one limit, whoever asks, within 5 % over ten seconds.</summary>
public sealed class FleetLimitTests(FleetTraffic traffic) : IClassFixture<FleetTraffic>
{
    private const double Tolerance = 0.05;

    [Fact]
    public void Four_proxies_that_all_ask_for_more_get_the_limit_together() => AssertIsTheLimit("everywhere");

    [Fact]
    public void One_proxy_that_asks_alone_gets_the_whole_limit() => AssertIsTheLimit("single");

    [Fact]
    public void A_proxy_that_asks_for_most_leaves_those_that_ask_for_little_what_they_ask_for()
    {
        AssertIsTheLimit("uneven");
        Assert.InRange((double)traffic.Small.Refused / (traffic.Small.Granted + traffic.Small.Refused), 0, 0.2);
    }

    [Fact]
    public void A_proxy_that_dies_takes_no_more_with_it_than_a_tenth_of_a_second_brings()
    {
        AssertIsTheLimit("dying");
        Assert.InRange(traffic.LostWithTheDead, -FleetTraffic.Rate, FleetTraffic.Rate / 10);
    }

    [Fact]
    public void Every_command_granted_has_been_paid_for_with_a_leased_token() => Assert.Equal(traffic.Balance.Granted, traffic.Balance.Leased);

    private void AssertIsTheLimit(string tenant) =>
        Assert.InRange(traffic.Granted[tenant], FleetTraffic.Rate * (1 - Tolerance), FleetTraffic.Rate * (1 + Tolerance));
}
