using RespProxy.Configuration;
using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Tests.Admission;

public class TenantAdmissionTests
{
    private static readonly AdmissionClock Clock = new ManualTime().Clock;

    private static TenantAdmission? For(TenantLimitsSnapshot limits) =>
        TenantAdmission.For(new TenantSnapshot { Name = "shop", Upstream = "main", Namespace = "main@shop", Limits = limits }, Clock, new TenantLoad(), quota: null, previous: null);

    [Fact]
    public void A_tenant_that_nothing_limits_has_none() => Assert.Null(For(new TenantLimitsSnapshot()));

    [Fact]
    public void Connections_beyond_the_bound_are_refused_until_one_goes()
    {
        TenantAdmission admission = For(new TenantLimitsSnapshot { MaxConnections = 2 })!;
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(_ => admission.TryConnect()));
        admission.Disconnect();
        Assert.True(admission.TryConnect());
        Assert.False(admission.TryConnect());
        Assert.Equal("ERR LIMIT tenant 'shop' may have 2 connections at most", admission.TooManyConnections);
        Assert.False(admission.BoundsInFlight);
    }

    [Fact]
    public void A_tenant_is_full_while_as_many_requests_as_may_be_are_in_flight()
    {
        TenantAdmission admission = For(new TenantLimitsSnapshot { MaxInFlight = 2 })!;
        Assert.True(admission.BoundsInFlight);
        admission.AddInFlight(1);
        Assert.False(admission.IsFull);
        admission.AddInFlight(1);
        Assert.True(admission.IsFull);
        admission.AddInFlight(-1);
        Assert.False(admission.IsFull);
        Assert.True(admission.TryConnect());
    }
}
