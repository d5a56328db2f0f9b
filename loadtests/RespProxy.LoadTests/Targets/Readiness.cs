using System.Diagnostics;
using System.Net.Sockets;
using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Targets;

/// <summary>Waits for a server to answer, and says what it printed when it does not.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Returns as soon as PING is answered.</summary>
    public static void WaitForPong(ChildProcess server, ServerEndpoint endpoint) =>
        Poll(server, "no PONG", () => Answers(endpoint, null, "PING"));

    /// <summary>Returns as soon as a command that needs the upstream is answered too; to a tenant whose password is its name, if one is given.</summary>
    public static void WaitForUpstream(ChildProcess server, ServerEndpoint endpoint, string? tenant = null) =>
        Poll(server, "the upstream is not reached", () => Answers(endpoint, tenant, "GET", "ready"));

    /// <summary>Asks every millisecond until <paramref name="condition"/> holds.</summary>
    /// <exception cref="LoadFailedException">The server exited, or the condition does not hold in 15 s.</exception>
    public static void Poll(ChildProcess server, string complaint, Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (server.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
                throw new LoadFailedException($"{server.Name}: {complaint}{(server.HasExited ? " (it has exited)" : "")}\n{server.Tail}");
            Thread.Sleep(1);
        }
    }

    private static bool Answers(ServerEndpoint endpoint, string? tenant, params string[] command)
    {
        try
        {
            using RespClient client = new(endpoint);
            if (tenant is not null)
                _ = client.Send("AUTH", tenant, tenant);
            _ = client.Send(command);
            return true;
        }
        catch (Exception error) when (error is SocketException or LoadFailedException)
        {
            return false;
        }
    }
}
