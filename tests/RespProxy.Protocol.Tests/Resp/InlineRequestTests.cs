using RespProxy.Testing;

namespace RespProxy.Protocol.Tests.Resp;

/// <summary>What redis-server 7.0.15 made of the same lines.</summary>
public class InlineRequestTests
{
    [Theory]
    [InlineData("PING\r\n", "PING")]
    [InlineData("PING\n", "PING")]
    [InlineData(" echo a\r\n", "echo", "a")]
    [InlineData("\v\f\techo a\r\n", "echo", "a")]
    [InlineData("echo   a \t b  \r\n", "echo", "a", "b")]
    [InlineData("echo a\rb\r\n", "echo", "a", "b")]
    [InlineData("echo a\r\r\n", "echo", "a")]
    [InlineData("echo \"\"\r\n", "echo", "")]
    [InlineData("echo ''\r\n", "echo", "")]
    [InlineData("echo \"a b\" 'c d'\r\n", "echo", "a b", "c d")]
    [InlineData("echo \"a\" \r\n", "echo", "a")]
    [InlineData("echo \"a\"\vb\r\n", "echo", "a", "b")]
    [InlineData("echo a\"b\"\r\n", "echo", "ab")]
    [InlineData("echo a\\nb\r\n", "echo", "a\\nb")]
    [InlineData("echo \"\\x41\\n\\r\\t\\b\\a\\q\\\\\\\"\\xzz\\x4\"\r\n", "echo", "A\n\r\t\b\aq\\\"xzzx4")]
    [InlineData("echo \"\\x4g\"\r\n", "echo", "x4g")]
    [InlineData("echo \"\\x00\\xfF\"\r\n", "echo", "\0\u00ff")]
    [InlineData("echo 'it\\'s \\n'\r\n", "echo", "it's \\n")]
    [InlineData("echo \u00a0\u0085\r\n", "echo", "\u00a0\u0085")]
    [InlineData("$4\r\n", "$4")]
    public void A_line_is_split_into_arguments_as_by_Redis(string line, params string[] arguments)
    {
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> pieces in PayloadSplitter.Splits(Wire.Bytes(line)))
            Assert.Equal([arguments], ClientInput.Of(pieces).Requests);
    }

    [Theory]
    [InlineData("echo\va\r\n", "echo\va")]
    [InlineData("echo\fa\r\n", "echo\fa")]
    [InlineData("echo\ta\v\r\n", "echo", "a\v")]
    public void A_vertical_tab_or_form_feed_within_a_word_is_part_of_it(string line, params string[] arguments) =>
        Assert.Equal([arguments], ClientInput.Of(line).Requests);

    [Theory]
    [InlineData("echo \"a\r\n")]
    [InlineData("echo 'a\r\n")]
    [InlineData("echo a\"b\r\n")]
    [InlineData("echo \"a\"b\r\n")]
    [InlineData("echo 'a'b\r\n")]
    [InlineData("echo a\"b\"c\r\n")]
    [InlineData("echo \"a\"\"b\"\r\n")]
    [InlineData("echo \"\\\"\r\n")]
    [InlineData("echo \"a\\\r\n")]
    [InlineData("echo 'a\\\r\n")]
    [InlineData("echo 'it\\'s \\n \\\\'\r\n")]
    public void Unbalanced_quotes_are_refused(string line)
    {
        ClientInput input = ClientInput.Of(line);
        Assert.Equal("unbalanced quotes in request", input.Refusal);
        Assert.Empty(input.Requests);
    }

    [Theory]
    [InlineData("PING\0junk \"\r\n", "PING")]
    [InlineData("echo a \0 \"\r\n", "echo", "a")]
    [InlineData("echo \"a\"\0b\r\n", "echo", "a")]
    public void A_NUL_ends_the_line_where_Redis_would_never_answer(string line, params string[] arguments) =>
        Assert.Equal([arguments], ClientInput.Of(line).Requests);

    [Theory]
    [InlineData("echo \"a\0b\"\r\n")]
    [InlineData("echo \"a\\\0\"\r\n")]
    [InlineData("echo 'a\\\0'\r\n")]
    public void A_NUL_within_quotes_leaves_them_open(string line) =>
        Assert.Equal("unbalanced quotes in request", ClientInput.Of(line).Refusal);

    [Fact]
    public void The_arguments_of_one_line_are_forgotten_at_the_next() =>
        Assert.Equal(
            [["set", "a", new string('b', 500)], ["get", "a"], ["GET"], ["x"]],
            ClientInput.Of($"set a {new string('b', 500)}\r\nget a\r\n*1\r\n$3\r\nGET\r\nx\r\n").Requests);

    [Fact]
    public void A_line_of_64_KiB_of_one_letter_words_is_read()
    {
        string line = string.Concat(Enumerable.Repeat("a ", 32 * 1024));
        Assert.Equal(32 * 1024, Assert.Single(ClientInput.Of(line + "\n").Requests).Length);
    }
}
