using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace RespProxy.LocalCluster;

/// <summary>
/// A connection for set-up commands: one request, one reply, no pipelining. Arguments are Latin-1, one byte per char.
/// Not thread-safe.
/// </summary>
internal sealed class RespLink : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private byte[] _input = new byte[16 * 1024];
    private int _filled;

    private RespLink()
    {
    }

    /// <summary>Connects and, if there is a password, authenticates.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    /// <exception cref="LocalClusterException">The credentials were refused.</exception>
    public static async Task<RespLink> ConnectAsync(
        string host, int port, LocalRedisOptions options, CancellationToken cancellationToken)
    {
        var link = new RespLink();
        try
        {
            await link._client.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            if (options.Password is { } password)
            {
                string[] auth = options.Username is { } user ? ["AUTH", user, password] : ["AUTH", password];
                (await link.CommandAsync(auth, cancellationToken).ConfigureAwait(false)).OrThrow();
            }

            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">The connection ended before the reply did.</exception>
    public async Task<RedisReply> CommandAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        NetworkStream stream = _client.GetStream();
        await stream.WriteAsync(Encode(arguments), cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (RedisReplyParser.TryParse(_input.AsSpan(0, _filled), out RedisReply reply, out int consumed))
            {
                _input.AsSpan(consumed, _filled - consumed).CopyTo(_input);
                _filled -= consumed;
                return reply;
            }

            if (_filled == _input.Length)
                Array.Resize(ref _input, 2 * _input.Length);
            int read = await stream.ReadAsync(_input.AsMemory(_filled), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                throw new IOException("the server closed the connection");
            _filled += read;
        }
    }

    public void Dispose() => _client.Dispose();

    private static byte[] Encode(IReadOnlyList<string> arguments)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"*{arguments.Count}\r\n");
        foreach (string argument in arguments)
            text.Append(CultureInfo.InvariantCulture, $"${argument.Length}\r\n{argument}\r\n");
        return Encoding.Latin1.GetBytes(text.ToString());
    }
}
