using System.Text;

namespace RespProxy.Tenancy.Scripts;

/// <summary>
/// A function library (https://redis.io/docs/latest/develop/programmability/functions-intro/) as the tenant wrote it and as the nodes get it:
/// library and function names have a prefix of the tenant's own, since the nodes know each name only once. Pure.
///
/// <para>Source: <c>#!lua name=mylib</c>, a newline, Lua. The name in the first line is changed in place. Functions are registered by
/// the library's code when it is loaded, so that gets, at the start of its second line, a <c>redis</c> of its own whose
/// register_function puts the prefix before every name. Nothing else in reach of loading code gives the node's own one; the line numbers in
/// errors stay. Where a function runs, the rest of the node's <c>redis</c> is there as well.</para>
/// </summary>
public static class FunctionLibrary
{
    /// <summary>Ends what is inserted.</summary>
    private const string Marker = "--[[respproxy]]";

    /// <summary>$ stands for the prefix. While a library is loaded only the few names used at its top level exist.</summary>
    private const string Preamble =
        "local redis=(function() local node,t,filled=redis.register_function,{},false " +
        "local function wrap(f) return f and function(k,a) " +
        "if not filled then for n,v in pairs(redis) do if t[n]==nil then t[n]=v end end filled=true end return f(k,a) end end " +
        "t.register_function=function(a,b) if b~=nil then return node('$'..a,wrap(b)) end " +
        "return node{function_name=a.function_name and '$'..a.function_name,callback=wrap(a.callback),flags=a.flags,description=a.description} end " +
        "t.log,t.LOG_DEBUG,t.LOG_VERBOSE,t.LOG_NOTICE,t.LOG_WARNING=redis.log,redis.LOG_DEBUG,redis.LOG_VERBOSE,redis.LOG_NOTICE,redis.LOG_WARNING " +
        "return t end)() local server=redis ";

    /// <summary>The source for the nodes; null, with Redis's own words why, when the first line is not as it must be.</summary>
    /// <param name="source">As the tenant sent it.</param>
    /// <param name="prefix">Of the tenant's names: letters, digits and underscores.</param>
    /// <param name="name">The library's name.</param>
    /// <param name="error">An error's text; empty when there is none.</param>
    public static byte[]? ToUpstream(ReadOnlySpan<byte> source, ReadOnlySpan<byte> prefix, out string name, out string error)
    {
        name = "";
        if (!source.StartsWith("#!"u8)) return Wrong("ERR Missing library metadata", out error);
        int end = source.IndexOf((byte)'\n');
        if (end < 0) return Wrong("ERR Invalid library metadata", out error);
        string line = Encoding.Latin1.GetString(source[..end]);
        string[] words = line[2..].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        if (line.Contains('"', StringComparison.Ordinal) || line.Contains('\'', StringComparison.Ordinal) || words.Length == 0) return Wrong("ERR Invalid library metadata", out error);
        foreach (string word in words.Skip(1))
        {
            if (!word.StartsWith("name=", StringComparison.OrdinalIgnoreCase)) return Wrong($"ERR Invalid metadata value given: {word}", out error);
            if (name.Length > 0) return Wrong("ERR Invalid metadata value, name argument was given multiple times", out error);
            name = word[5..];
            if (!IsName(name)) return Wrong("ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long", out error);
        }

        if (name.Length == 0) return Wrong("ERR Library name was not given", out error);
        if (!words[0].Equals("lua", StringComparison.OrdinalIgnoreCase)) return Wrong($"ERR Engine '{words[0]}' not found", out error);
        error = "";
        int nameAt = line.LastIndexOf('=') + 1;
        byte[] preamble = Encoding.ASCII.GetBytes(Preamble.Replace("$", Encoding.ASCII.GetString(prefix), StringComparison.Ordinal) + Marker);
        return [.. source[..nameAt], .. prefix, .. source[nameAt..(end + 1)], .. preamble, .. source[(end + 1)..]];
    }

    /// <summary>The source as the tenant wrote it, from what the nodes have.</summary>
    public static byte[] FromUpstream(ReadOnlySpan<byte> source, ReadOnlySpan<byte> prefix)
    {
        int nameAt = source.IndexOf(prefix);
        int end = source.IndexOf((byte)'\n');
        int codeAt = source.IndexOf(Encoding.ASCII.GetBytes(Marker));
        if (nameAt < 0 || nameAt > end || codeAt < end) return source.ToArray();
        return [.. source[..nameAt], .. source[(nameAt + prefix.Length)..(end + 1)], .. source[(codeAt + Marker.Length)..]];
    }

    private static bool IsName(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static byte[]? Wrong(string text, out string error)
    {
        error = text;
        return null;
    }
}
