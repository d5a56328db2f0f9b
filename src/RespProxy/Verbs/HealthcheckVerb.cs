using System.CommandLine;
using System.Net.Sockets;
using System.Text;

namespace RespProxy.Verbs;

/// <summary>
/// <c>respproxy healthcheck</c>: asks a running proxy whether it is ready, for a container's HEALTHCHECK where there is no shell
/// and no curl. One HTTP/1.0 request over a socket: an HTTP client would cost more start-up than the check.
/// </summary>
internal static class HealthcheckVerb
{
    private static readonly Option<string> Url = new("--url")
    {
        Description = "Where to ask; /healthz tells whether the process answers, /readyz whether it takes clients.",
        HelpName = "URL",
        DefaultValueFactory = _ => "http://127.0.0.1:9180/readyz",
    };

    private static readonly Option<double> Timeout = new("--timeout")
    {
        Description = "Seconds to wait for the answer.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 3,
    };

    public static Command Build()
    {
        var command = new Command("healthcheck", "Ask a running proxy whether it is ready: exit 0 for yes, 1 for no.") { Url, Timeout };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        double seconds = parsed.GetValue(Timeout);
        if (!Uri.TryCreate(parsed.GetValue(Url), UriKind.Absolute, out Uri? url) || url.Scheme != Uri.UriSchemeHttp || seconds is not (> 0 and <= 3600))
        {
            await Console.Error.WriteLineAsync("respproxy: --url must be http://host:port/path, and --timeout 0 to 3600 seconds").ConfigureAwait(false);
            return ExitCode.BadConfiguration;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            string answer = await AskAsync(url, deadline.Token).ConfigureAwait(false);
            bool ready = answer.StartsWith("HTTP/1.", StringComparison.Ordinal) && answer.AsSpan("HTTP/1.x".Length).StartsWith(" 200 ");
            await (ready ? Console.Out : Console.Error).WriteLineAsync(Body(answer)).ConfigureAwait(false);
            return ready ? ExitCode.Ok : ExitCode.Failure;
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
        {
            string reason = exception is OperationCanceledException ? "no answer in time" : exception.Message;
            await Console.Error.WriteLineAsync($"{url}: {reason}").ConfigureAwait(false);
            return ExitCode.Failure;
        }
    }

    private static async Task<string> AskAsync(Uri url, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(url.DnsSafeHost, url.Port, cancellation).ConfigureAwait(false);
        NetworkStream stream = client.GetStream();
        byte[] request = Encoding.ASCII.GetBytes($"GET {url.PathAndQuery} HTTP/1.0\r\nHost: {url.Authority}\r\n\r\n");
        await stream.WriteAsync(request, cancellation).ConfigureAwait(false);

        // The answers are a line; what does not fit is not ours to show.
        byte[] answer = new byte[4096];
        int length = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        return Encoding.ASCII.GetString(answer, 0, length);
    }

    private static string Body(string answer)
    {
        int end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end < 0 ? answer.Trim() : answer[(end + 4)..].Trim();
    }
}
