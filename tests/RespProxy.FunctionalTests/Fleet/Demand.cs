using System.Diagnostics;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests.Fleet;

/// <summary>
/// A client that asks at a rate, by the clock: after a hiccup of the machine it asks for what it has missed. Counts what it was given and refused.
/// </summary>
internal sealed class Demand : IAsyncDisposable
{
    /// <summary>Requests of one pipeline; more are asked for in the next one.</summary>
    private const int MostAtOnce = 200;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly RespClient _client;
    private readonly int _perSecond;
    private readonly Task _work;
    private long _granted;
    private long _refused;

    private Demand(RespClient client, int perSecond)
    {
        (_client, _perSecond) = (client, perSecond);
        _work = Task.Run(AskAsync);
    }

    public long Granted => Volatile.Read(ref _granted);

    public long Refused => Volatile.Read(ref _refused);

    public static async Task<Demand> StartAsync(FleetMember proxy, string tenant, int perSecond) => new(await proxy.ConnectAsync(tenant), perSecond);

    /// <summary>Asks no more.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _work;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _client.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task AskAsync()
    {
        long begun = Stopwatch.GetTimestamp();
        long asked = 0;
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                int due = (int)Math.Min(MostAtOnce, (long)(Stopwatch.GetElapsedTime(begun).TotalSeconds * _perSecond) - asked);
                if (due > 0) Count(await _client.PipelineAsync([.. Enumerable.Repeat("INCR n", due)]));
                asked += Math.Max(0, due);
                await Task.Delay(Period, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception exception) when (exception is EndOfStreamException or System.Net.Sockets.SocketException)
        {
            // Its proxy has died.
        }
    }

    private void Count(string[] replies)
    {
        int granted = replies.Count(reply => reply[0] == ':');
        Interlocked.Add(ref _granted, granted);
        Interlocked.Add(ref _refused, replies.Length - granted);
    }
}
