namespace RespProxy.LoadTests.Targets;

/// <summary>How to start one kind of proxy in front of an upstream.</summary>
/// <param name="Name">The target's name in tables and on the command line.</param>
/// <param name="Binary">The program.</param>
/// <param name="VersionArgument">The argument that makes it print its version.</param>
/// <param name="Prepare">Writes the configuration and tells the arguments and where the proxy will listen.</param>
internal sealed record ProxyRecipe(
    string Name, string Binary, string VersionArgument, Func<RedisUpstream, WorkDirectory, ProxyLaunch> Prepare)
{
    public ChildProcess Start(ProxyLaunch launch) => new(Name, Binary, launch.Arguments);
}

/// <summary>A prepared start. <see cref="Unix"/> is set when the proxy listens on a Unix socket as well.</summary>
internal sealed record ProxyLaunch(IReadOnlyList<string> Arguments, ServerEndpoint Tcp, ServerEndpoint? Unix = null);
