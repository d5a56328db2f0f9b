using System.Text;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Scripts;

namespace RespProxy.Tenancy.Tests.Scripts;

public sealed class FunctionLibraryTests
{
    private static readonly KeyNamespace Namespace = new("c@a");

    [Fact]
    public void A_prefix_is_letters_digits_and_underscores_and_no_namespaces_prefix_begins_anothers()
    {
        Assert.Equal("rp634061_", Encoding.ASCII.GetString(Namespace.FunctionPrefix));
        Assert.False(new KeyNamespace("c@a1").FunctionPrefix.StartsWith(Namespace.FunctionPrefix));
    }

    [Theory]
    [InlineData("#!lua name=lib\nredis.register_function('f', f)")]
    [InlineData("#!LUA  name=lib \r\n\n\n")]
    [InlineData("#!lua NAME=lib\n")]
    public void A_source_gets_the_prefix_and_its_own_redis_and_goes_back_to_what_it_was(string source)
    {
        byte[]? upstream = FunctionLibrary.ToUpstream(Encoding.UTF8.GetBytes(source), Namespace.FunctionPrefix, out string name, out string error);

        Assert.Equal("", error);
        Assert.Equal("lib", name);
        string text = Encoding.UTF8.GetString(upstream!);
        Assert.Contains("=rp634061_lib", text[..text.IndexOf('\n', StringComparison.Ordinal)], StringComparison.OrdinalIgnoreCase);
        Assert.Equal(source.Count(c => c == '\n'), text.Count(c => c == '\n'));
        Assert.StartsWith("local redis=", text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal);
        Assert.Equal(source, Encoding.UTF8.GetString(FunctionLibrary.FromUpstream(upstream, Namespace.FunctionPrefix)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lua name=x\n")]
    [InlineData("#!lua name=x")]
    [InlineData("#!\n")]
    [InlineData("#!lua\n")]
    [InlineData("#!lua name=\n")]
    [InlineData("#!lua name=a name=b\n")]
    [InlineData("#!lua name=a other=b\n")]
    [InlineData("#!lua name=\"a\"\n")]
    [InlineData("#!lua name='a'\n")]
    [InlineData("#!lua name=a b\n")]
    [InlineData("#!lua name=a.b\n")]
    [InlineData("#!js name=a\n")]
    public void A_first_line_that_is_not_as_it_must_be_is_refused(string source)
    {
        Assert.Null(FunctionLibrary.ToUpstream(Encoding.UTF8.GetBytes(source), Namespace.FunctionPrefix, out _, out string error));
        Assert.StartsWith("ERR ", error, StringComparison.Ordinal);
    }
}
