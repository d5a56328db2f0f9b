using System.Net;
using System.Net.Http.Headers;
using RespProxy.Configuration;

namespace RespProxy.Control.Otlp;

/// <summary>What became of one request.</summary>
internal enum OtlpOutcome
{
    /// <summary>The receiver has it.</summary>
    Accepted,

    /// <summary>The receiver will not take it: sending it again would change nothing.</summary>
    Rejected,

    /// <summary>The receiver could not be had before the time was over.</summary>
    Dropped,
}

/// <summary>The answer to a request.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Tries">How often it was sent.</param>
/// <param name="RejectedPoints">Points that an accepting receiver says it did not take.</param>
/// <param name="Reason">Why it was not accepted; null when it was.</param>
internal readonly record struct OtlpAnswer(OtlpOutcome Outcome, int Tries, long RejectedPoints, string? Reason);

/// <summary>
/// Sends requests by the rules of OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response): 429, 502, 503, 504 and a receiver that cannot be reached are tried
/// again, not before the receiver's Retry-After, with pauses that double; all else is final. One request at a time.
/// </summary>
internal sealed class OtlpClient : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>More than any receiver says in an answer.</summary>
    private const int MostOfResponse = 64 * 1024;

    private readonly OtlpSnapshot _configuration;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private DateTimeOffset _notBefore;

    public OtlpClient(OtlpSnapshot configuration, TimeProvider time)
    {
        _configuration = configuration;
        _time = time;
        // A redirect would carry the headers, which may be secrets, to somebody else.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = configuration.Timeout };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends the request until it is answered for good, or <paramref name="cancellation"/>.</summary>
    public async Task<OtlpAnswer> SendAsync(IOtlpEncoder encoder, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        string reason = "the receiver has asked to wait";
        for (int tries = 0; ; tries++)
        {
            if (!await PauseAsync(tries, cancellation).ConfigureAwait(false)) return new OtlpAnswer(OtlpOutcome.Dropped, tries, 0, reason);
            try
            {
                using HttpResponseMessage response = await PostAsync(encoder, request, cancellation).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                    return new OtlpAnswer(OtlpOutcome.Accepted, tries + 1, await ReadRejectedAsync(encoder, response, cancellation).ConfigureAwait(false), null);
                reason = $"the receiver answered {(int)response.StatusCode}";
                if (!IsRetryable(response.StatusCode)) return new OtlpAnswer(OtlpOutcome.Rejected, tries + 1, 0, reason);
                Heed(response.Headers.RetryAfter);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
            {
                reason = exception is OperationCanceledException ? "the receiver did not answer in time" : exception.Message;
            }
        }
    }

    private static bool IsRetryable(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private async Task<HttpResponseMessage> PostAsync(IOtlpEncoder encoder, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, _configuration.Endpoint) { Content = new ReadOnlyMemoryContent(request) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(encoder.ContentType);
        foreach (OtlpPair header in _configuration.Headers) message.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var bound = new CancellationTokenSource(_configuration.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, bound.Token);
        return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
    }

    /// <summary>The receiver has the request: what is wrong with its answer's text does not matter.</summary>
    private async Task<long> ReadRejectedAsync(IOtlpEncoder encoder, HttpResponseMessage response, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(_configuration.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, bound.Token);
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
            byte[] bytes = new byte[Math.Min(response.Content.Headers.ContentLength ?? MostOfResponse, MostOfResponse)];
            int length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, either.Token).ConfigureAwait(false);
            return encoder.ReadRejectedPoints(bytes.AsSpan(0, length));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return 0;
        }
    }

    private void Heed(RetryConditionHeaderValue? retryAfter)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (retryAfter is null) return;
        DateTimeOffset asked = retryAfter.Date ?? now + (retryAfter.Delta ?? TimeSpan.Zero);
        if (asked > _notBefore) _notBefore = asked;
    }

    /// <summary>Waits until it may be tried; false: the time is over before that.</summary>
    private async Task<bool> PauseAsync(int tries, CancellationToken cancellation)
    {
        TimeSpan pause = _notBefore - _time.GetUtcNow();
        if (tries > 0)
        {
            double longest = Math.Min(LongestPause.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, tries - 1));
            // Half of it by chance, so that a fleet does not come back all at once.
            TimeSpan backoff = TimeSpan.FromSeconds(longest * (0.5 + (0.5 * Random.Shared.NextDouble())));
            if (backoff > pause) pause = backoff;
        }

        if (pause > TimeSpan.Zero) await Task.Delay(pause, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellation.IsCancellationRequested;
    }
}
