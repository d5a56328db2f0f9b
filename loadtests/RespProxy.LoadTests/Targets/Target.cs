namespace RespProxy.LoadTests.Targets;

/// <summary>
/// One column of the comparison: where the load connects and whose CPU counts. <see cref="Proxy"/> is null for
/// direct Redis. Two targets may share a proxy (its TCP and its Unix listener).
/// </summary>
internal sealed record Target(string Name, ServerEndpoint Endpoint, ChildProcess? Proxy)
{
    public const string Direct = "direct";
}
