using System.Net;
using System.Net.Sockets;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Scale;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Tests;

public sealed class SteadyLoadTests : IDisposable
{
    private static readonly RandomGets Gets = new(new KeySpace("k", 10, 1));

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private int _mostAtOnce;
    private long _answered;

    public SteadyLoadTests()
    {
        _listener.Start();
    }

    private ServerEndpoint Endpoint => new(((IPEndPoint)_listener.LocalEndpoint).Port);

    [Fact]
    public void A_load_goes_on_from_one_run_to_the_next()
    {
        Serve("$1\r\nx\r\n"u8.ToArray());
        using SteadyLoad load = new(Endpoint, connections: 3, pipeline: 4, Gets, TestContext.Current.CancellationToken);

        long counted = 0;
        int runs = 0;
        // A busy machine may leave a run of so few milliseconds without a reply.
        for (; runs < 3 || (counted < 1_000 && runs < 1_000); runs++)
            counted += load.Run(0.01, TestContext.Current.CancellationToken).Commands;

        Assert.InRange(counted, 1_000, long.MaxValue);
        // What is answered and not counted is what was in flight at the end.
        Assert.InRange(Volatile.Read(ref _answered) - counted, 0, 3 * 4);
        Assert.Equal(4, _mostAtOnce);
    }

    [Fact]
    public void An_error_reply_fails_the_load()
    {
        Serve("-ERR no\r\n"u8.ToArray());
        using SteadyLoad load = new(Endpoint, connections: 1, pipeline: 1, Gets, TestContext.Current.CancellationToken);

        LoadFailedException failure = Assert.Throws<LoadFailedException>(() => load.Run(5, TestContext.Current.CancellationToken));
        Assert.Equal("error reply: ERR no", failure.Message);
    }

    [Fact]
    public void Who_must_say_who_it_is_does_so_before_the_load()
    {
        Serve("+OK\r\n"u8.ToArray());
        TenantGets gets = new(["a"], new KeySpace("k", 10, 1), connections: 2, getsPerTenant: 0);

        using SteadyLoad load = new(Endpoint, connections: 2, pipeline: 1, gets, TestContext.Current.CancellationToken);

        Assert.Equal(2, Volatile.Read(ref _answered));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    /// <summary>Answers each request of each connection alike.</summary>
    private void Serve(byte[] reply) => _ = Task.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client = await _listener.AcceptSocketAsync(_stop.Token);
            _ = Task.Run(() => AnswerAsync(client, reply));
        }
    });

    private async Task AnswerAsync(Socket client, byte[] reply)
    {
        using (client)
        {
            byte[] buffer = new byte[4096];
            int length;
            while ((length = await client.ReceiveAsync(buffer, SocketFlags.None, _stop.Token)) > 0)
            {
                // Requests of a few bytes on loopback: a send arrives whole.
                int requests = buffer.AsSpan(0, length).Count((byte)'*');
                _mostAtOnce = Math.Max(_mostAtOnce, requests);
                Interlocked.Add(ref _answered, requests);
                for (int i = 0; i < requests; i++)
                    await client.SendAsync(reply, SocketFlags.None, _stop.Token);
            }
        }
    }
}
