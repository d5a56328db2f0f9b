using System.Net.Sockets;
using System.Text;

namespace RespProxy.CodeProfile.Training;

/// <summary>Commands of every kind, as a client's, inline.</summary>
internal static class CommandTraffic
{
    private const string Mark = "all-is-answered";

    public static IReadOnlyList<string> Commands { get; } =
    [
        "PING", "HELLO 3", "CLIENT SETNAME trainer", "CLIENT ID", "CLIENT INFO", "COMMAND COUNT", "INFO", "CONFIG GET maxmemory",
        "SET a 1", "GET a", "INCR a", "APPEND a x", "MSET a 1 b 2 c 3 d 4", "MGET a b c d", "EXPIRE a 100", "TTL a", "TYPE a", "EXISTS a b", "DEL a b",
        "HSET h f v g w", "HGET h f", "HGETALL h", "LPUSH l 1 2 3", "LRANGE l 0 -1", "LPOP l", "SADD s a b", "SMEMBERS s", "ZADD z 1 a 2 b", "ZRANGE z 0 -1 WITHSCORES",
        "XADD x * f v", "XRANGE x - +", "SETBIT bits 1 1", "PFADD p a", "KEYS *", "SCAN 0", "DBSIZE", "MULTI", "SET t 1", "INCR t", "EXEC", "BLPOP none 0.05",
        "SUBSCRIBE channel", "PUBLISH channel text", "UNSUBSCRIBE channel", "EVAL \"return redis.call('get',KEYS[1])\" 1 a", "NOSUCHCOMMAND", "GET", "RESPPROXY HELP", "SLOWLOG GET",
    ];

    /// <summary>Sends them on a connection of their own, each after the other's reply, and waits until all are answered, by whatever.</summary>
    public static async Task SendAsync(int port, IReadOnlyList<string> commands)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port).ConfigureAwait(false);
        await using NetworkStream stream = client.GetStream();
        byte[] input = new byte[64 * 1024];
        foreach (string command in commands)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{command}\r\nECHO {Mark}\r\n")).ConfigureAwait(false);
            var answer = new StringBuilder();
            // Within MULTI the mark is queued, too.
            while (!answer.ToString().Contains(Mark, StringComparison.Ordinal) && !answer.ToString().EndsWith("+QUEUED\r\n", StringComparison.Ordinal))
            {
                int read = await stream.ReadAsync(input).ConfigureAwait(false);
                if (read == 0) throw new IOException($"the proxy closed the connection at {command}");
                answer.Append(Encoding.ASCII.GetString(input, 0, read));
            }
        }
    }
}
