using System.Text;
using RespProxy.Tenancy.Scripts;

namespace RespProxy.Control.ControlRedis;

/// <summary>A Lua script for the control Redis, which is sent whole only to a server that does not know it yet. Immutable; any thread.</summary>
public sealed class ControlScript(string source)
{
    public string Source { get; } = source;

    /// <summary>By which EVALSHA names it.</summary>
    public string Digest { get; } = ScriptDigest.Of(Encoding.UTF8.GetBytes(source)).ToString();
}
