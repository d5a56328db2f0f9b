using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Admission;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Admission;

public class PatternIndexTests
{
    [Theory]
    [InlineData("user:*", "user:")]
    [InlineData("user:1", "user:1")]
    [InlineData("*", "")]
    [InlineData("?x", "")]
    [InlineData("a[bc]", "a")]
    [InlineData("a\\*b*", "a*b")]
    [InlineData("a\\", "a\\")]
    [InlineData("", "")]
    public void The_literal_start_ends_where_a_pattern_begins_to_choose(string pattern, string start) =>
        Assert.Equal(start, Wire.Text(PatternIndex.LiteralStartOf(Wire.Bytes(pattern))));

    [Fact]
    public void Whatever_the_patterns_those_found_are_those_that_match()
    {
        // Few letters, so that starts are shared, nested and equal.
        Gen<string> text = Gen.Elements('a', 'b', ':').ArrayOf().Select(letters => new string(letters[..Math.Min(letters.Length, 6)]));
        Gen<string> pattern = Gen.Elements('a', 'b', ':', '*', '?', '\\', '[', ']').ArrayOf().Select(letters => new string(letters[..Math.Min(letters.Length, 6)]));
        Prop.ForAll(pattern.ArrayOf().ToArbitrary(), text.ToArbitrary(), (patterns, key) =>
        {
            byte[] bytes = Wire.Bytes(key);
            int[] expected = [.. Enumerable.Range(0, patterns.Length).Where(i => GlobPattern.Matches(Wire.Bytes(patterns[i]), bytes))];
            return Find(patterns, key, out _).Order().SequenceEqual(expected);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void Whatever_the_patterns_a_key_that_may_match_none_begins_like_none()
    {
        Gen<string> text = Gen.Elements('a', 'b', ':').ArrayOf().Select(letters => new string(letters[..Math.Min(letters.Length, 6)]));
        Prop.ForAll(text.ArrayOf().ToArbitrary(), text.ToArbitrary(), (starts, key) =>
        {
            var index = new PatternIndex(starts.Select(start => (Wire.Bytes(start + "*"), new KeyRule(null, null))));
            return index.MayMatch(Wire.Bytes(key)) == starts.Any(start => key.StartsWith(start, StringComparison.Ordinal));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Theory]
    [InlineData("user:77:name")]
    [InlineData("user:none")]
    [InlineData("other")]
    public void Ten_thousand_patterns_cost_a_key_no_more_than_ten(string key)
    {
        Find(Patterns(10), key.Replace("77", "7", StringComparison.Ordinal), out int few);
        Find(Patterns(10_000), key, out int many);
        // A step for each digit that the numbers are longer by.
        Assert.InRange(many, 1, few + 4);

        static string[] Patterns(int count) => [.. Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"user:{i}:*"))];
    }

    private static List<int> Find(string[] patterns, string key, out int steps)
    {
        KeyRule[] rules = [.. patterns.Select(_ => new KeyRule(null, null))];
        var index = new PatternIndex(patterns.Select((pattern, i) => (Wire.Bytes(pattern), rules[i])));
        var found = new List<int>();
        PatternIndex.Matches matches = index.Find(Wire.Bytes(key));
        while (matches.MoveNext())
        {
            KeyRule current = matches.Current;
            found.Add(Array.FindIndex(rules, rule => ReferenceEquals(rule, current)));
        }

        steps = matches.Steps;
        return found;
    }
}
