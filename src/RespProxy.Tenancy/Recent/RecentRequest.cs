using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Recent;

/// <summary>A request that was kept of a sample. Immutable.</summary>
/// <param name="At">When it came, as a timestamp of the proxy's clock.</param>
/// <param name="Command">Its command.</param>
/// <param name="Bytes">Its length as the client sent it.</param>
/// <param name="KeyCount">Keys that it named.</param>
/// <param name="Keys">The first of them, by the client's names; those that were too long are cut.</param>
/// <param name="Weight">Requests that it stands for: itself and those since the one kept before it.</param>
public sealed record RecentRequest(long At, CommandSpec Command, int Bytes, int KeyCount, IReadOnlyList<byte[]> Keys, int Weight);
