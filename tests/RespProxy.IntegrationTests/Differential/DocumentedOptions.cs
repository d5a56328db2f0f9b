using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests.Differential;

/// <summary>The options of each command, as a server's COMMAND DOCS names them. https://redis.io/docs/latest/commands/command-docs/</summary>
internal static class DocumentedOptions
{
    /// <summary>By the command's name in the command table; names and options in upper case.</summary>
    public static async Task<ILookup<string, string>> ReadAsync(Peer peer)
    {
        await using RespClient client = await RespClient.ConnectAsync(peer.Host, peer.Port);
        return Commands((await client.CommandAsync("COMMAND", "DOCS")).OrThrow())
            .ToLookup(each => each.Command.ToUpperInvariant(), each => each.Option.ToUpperInvariant());
    }

    private static IEnumerable<(string Command, string Option)> Commands(RedisReply? commands) =>
        Pairs(commands).SelectMany(command => Commands(Field(command.Value, "subcommands"))
            .Concat(Tokens(Field(command.Value, "arguments")).Select(token => (command.Name, token))));

    private static IEnumerable<string> Tokens(RedisReply? arguments)
    {
        foreach (RedisReply argument in arguments?.Items ?? [])
        {
            if (Field(argument, "token") is { Text: not "" } token) yield return token.Text;
            foreach (string inner in Tokens(Field(argument, "arguments"))) yield return inner;
        }
    }

    private static RedisReply? Field(RedisReply map, string name) => Pairs(map).FirstOrDefault(pair => pair.Name == name).Value;

    /// <summary>In RESP2 a map's keys and values alternate.</summary>
    private static IEnumerable<(string Name, RedisReply Value)> Pairs(RedisReply? map) =>
        (map?.Items ?? []).Chunk(2).Select(pair => (pair[0].Text, pair[1]));
}
