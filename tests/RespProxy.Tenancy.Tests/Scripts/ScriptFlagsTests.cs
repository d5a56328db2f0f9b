using System.Text;
using RespProxy.Tenancy.Scripts;

namespace RespProxy.Tenancy.Tests.Scripts;

public class ScriptFlagsTests
{
    [Theory]
    [InlineData("#!lua flags=no-writes\nreturn 1", true)]
    [InlineData("#!lua flags=allow-oom\r\nreturn 1", true)]
    [InlineData("#!lua name=x flags=allow-stale,allow-oom\nreturn 1", true)]
    [InlineData("#!lua flags=allow-oom", true)]
    [InlineData("#!lua\nreturn 1", false)]
    [InlineData("#!lua flags=\nreturn 1", false)]
    [InlineData("#!lua flags=allow-oom2,xno-writes\nreturn 1", false)]
    [InlineData("#!lua flags=allow-stale\n-- flags=allow-oom\nreturn 1", false)]
    [InlineData("-- #!lua flags=allow-oom\nreturn 1", false)]
    [InlineData("return 1", false)]
    [InlineData("", false)]
    public void A_script_says_in_its_first_line_that_it_needs_no_memory(string source, bool expected) =>
        Assert.Equal(expected, ScriptFlags.RunsWithoutMemory(Encoding.UTF8.GetBytes(source)));
}
