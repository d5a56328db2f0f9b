using RespProxy.Configuration;
using RespProxy.Downstream.PubSub;
using RespProxy.Tenancy.Tenants;
using RespProxy.Testing;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.Tests.PubSub;

public sealed class KeyspaceChannelTests
{
    private static readonly Tenant Own = new(new TenantSnapshot { Name = "app1", Upstream = "main", Namespace = "cluster1@app1" }, upstreamIndex: 0);

    [Theory]
    [InlineData(SubscriptionKind.Channel, "__keyspace@0__:k", "__keyspace@0__:cluster1@app1:k")]
    [InlineData(SubscriptionKind.Channel, "__keyevent@0__:set", "__keyevent@0__:set")]
    [InlineData(SubscriptionKind.Pattern, "__keyspace@0__:*", "__keyspace@0__:cluster1@app1:*")]
    [InlineData(SubscriptionKind.Pattern, "__keyevent@0__:[ds]*", "__keyevent@0__:[ds]*")]
    [InlineData(SubscriptionKind.Pattern, "__key*", "__keyspace@0__:cluster1@app1[:/]* __keyevent@0__:*")]
    [InlineData(SubscriptionKind.Pattern, "__keyspace@*__:k", "__keyspace@0__:cluster1@app1[:/]*")]
    [InlineData(SubscriptionKind.Channel, "__keyspace@3__:k", "__keyspace@0__:cluster1@app1/3:k")]
    [InlineData(SubscriptionKind.Channel, "__keyevent@3__:set", "__keyevent@0__:set")]
    [InlineData(SubscriptionKind.Pattern, "__keyspace@15__:*", "__keyspace@0__:cluster1@app1/15:*")]
    [InlineData(SubscriptionKind.Pattern, "__keyevent@?__:set", "__keyevent@0__:*")]
    public void A_keyspace_channel_is_never_listened_to_beyond_the_namespace_in_its_name(SubscriptionKind kind, string name, string upstream)
    {
        Assert.True(KeyspaceChannel.IsOne(Own, kind, Wire.Bytes(name)));
        Assert.Equal(upstream, string.Join(' ', KeyspaceChannel.Upstream(Own, kind, Wire.Bytes(name)).Select(each => Wire.Text(each))));
    }

    [Theory]
    [InlineData(SubscriptionKind.Channel, "__keyspace@16__:k")]
    [InlineData(SubscriptionKind.Channel, "__key*")]
    [InlineData(SubscriptionKind.Channel, "news")]
    [InlineData(SubscriptionKind.Pattern, "*")]
    [InlineData(SubscriptionKind.Pattern, "cluster1@app1:__keyspace@0__:*")]
    [InlineData(SubscriptionKind.ShardChannel, "__keyspace@0__:k")]
    public void Any_other_name_is_an_ordinary_channel(SubscriptionKind kind, string name) => Assert.False(KeyspaceChannel.IsOne(Own, kind, Wire.Bytes(name)));

    [Theory]
    [InlineData("__keyspace@0__:cluster1@app1:k", "set", "__keyspace@0__:k", "set")]
    [InlineData("__keyspace@0__:cluster1@app1:", "set", "__keyspace@0__:", "set")]
    [InlineData("__keyevent@0__:set", "cluster1@app1:k", "__keyevent@0__:set", "k")]
    [InlineData("__keyspace@0__:cluster1@app1/3:k", "set", "__keyspace@3__:k", "set")]
    [InlineData("__keyevent@0__:set", "cluster1@app1/15:k", "__keyevent@15__:set", "k")]
    [InlineData("__keyevent@0__:set", "cluster1@app1:cluster1@app2:k", "__keyevent@0__:set", "cluster1@app2:k")]
    public void A_notification_of_an_own_key_loses_the_namespace(string channel, string payload, string ownChannel, string ownPayload)
    {
        Assert.True(KeyspaceChannel.TryTranslate(Own, Wire.Bytes(channel), Wire.Bytes(payload), out byte[] seenChannel, out byte[] seenPayload));
        Assert.Equal((ownChannel, ownPayload), (Wire.Text(seenChannel), Wire.Text(seenPayload)));
    }

    [Theory]
    [InlineData("__keyspace@0__:cluster1@app10:k", "set")]
    [InlineData("__keyspace@0__:k", "set")]
    [InlineData("__keyevent@0__:set", "cluster1@app10:k")]
    [InlineData("__keyevent@0__:set", "cluster1@app1/16:k")]
    [InlineData("__keyevent@0__:set", "cluster1@app1")]
    [InlineData("__keyevent@0__:set", "k")]
    [InlineData("__keyevent@1__:set", "cluster1@app1:k")]
    public void A_notification_of_any_other_key_is_dropped(string channel, string payload) =>
        Assert.False(KeyspaceChannel.TryTranslate(Own, Wire.Bytes(channel), Wire.Bytes(payload), out _, out _));
}
