using RespProxy.Downstream.Routing;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Testing;

namespace RespProxy.Downstream.Tests.Routing;

public sealed class SplitPlannerTests
{
    private readonly KeyNamespace _namespace = new("cluster1@app1");
    private readonly SplitPlanner _planner = new();

    [Fact]
    public void Keys_of_one_slot_are_one_part_in_argument_order()
    {
        int parts = Plan(1, "{tag}c", "{tag}a", "{tag}b");

        Assert.Equal(1, parts);
        Assert.Equal([1, 2, 3], _planner.KeysOf(0).ToArray());
        Assert.Equal(_namespace.SlotOf("{tag}"u8), _planner.SlotOf(0));
    }

    [Fact]
    public void The_slot_is_that_of_the_key_with_the_namespace()
    {
        Plan(1, "key");
        Assert.Equal(RespProxy.Protocol.Slots.HashSlot.Of("cluster1@app1:key"u8), _planner.SlotOf(0));
    }

    [Fact]
    public void Keys_that_share_a_slot_meet_in_one_part_though_others_stand_between()
    {
        int parts = Plan(1, "{a}1", "{b}1", "{a}2", "{b}2", "{a}3");

        Assert.Equal(2, parts);
        int a = _planner.SlotOf(0) == _namespace.SlotOf("{a}"u8) ? 0 : 1;
        Assert.Equal([1, 3, 5], _planner.KeysOf(a).ToArray());
        Assert.Equal([2, 4], _planner.KeysOf(1 - a).ToArray());
    }

    [Fact]
    public void Every_key_is_in_exactly_one_part_which_has_its_slot()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            int step = random.Next(1, 3);
            string[] keys = [.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => $"{{{random.Next(50)}}}{random.Next(5)}")];

            int parts = Plan(step, keys);

            var seen = new List<int>();
            for (int part = 0; part < parts; part++)
            {
                int[] arguments = _planner.KeysOf(part).ToArray();
                Assert.NotEmpty(arguments);
                Assert.Equal(arguments.Order(), arguments);
                Assert.All(arguments, argument => Assert.Equal(_planner.SlotOf(part), _namespace.SlotOf(Wire.Bytes(keys[(argument - 1) / step]))));
                Assert.Equal(arguments.Select(argument => (argument - 1) / step), _planner.Ordinals[_planner.StartOf(part).._planner.StartOf(part + 1)].ToArray());
                seen.AddRange(arguments);
            }

            Assert.Equal(keys.Length, _planner.KeyCount);
            Assert.Equal(Enumerable.Range(0, keys.Length).Select(i => 1 + (i * step)), seen.Order());
            Assert.Equal(keys.Select(key => _namespace.SlotOf(Wire.Bytes(key))).Distinct().Count(), parts);
        }
    }

    /// <summary>Every <paramref name="step"/>-th argument is a key.</summary>
    private int Plan(int step, params string[] keys)
    {
        var request = new Requests(["CMD", .. keys.SelectMany(key => Enumerable.Repeat(key, step))]);
        var indexes = new KeyIndexes();
        for (int i = 0; i < keys.Length; i++) indexes.Add(1 + (i * step));
        return _planner.Plan(request.View, indexes, _namespace);
    }
}
