using System.Net.Http.Headers;
using RespProxy.Configuration;

namespace RespProxy.Control.Alerts;

/// <summary>Posts JSON to one receiver. Follows no redirect, keeps no cookie, asks no proxy: headers with secrets go where the configuration says and nowhere else. Any thread.</summary>
internal sealed class AlertPost : IDisposable
{
    private const string AlertmanagerPath = "/api/v2/alerts";

    /// <summary>So that a name which moves is looked up anew.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly AlertReceiverSnapshot _snapshot;
    private readonly Uri _url;
    private readonly HttpClient _client;

    public AlertPost(AlertReceiverSnapshot snapshot)
    {
        _snapshot = snapshot;
        _url = snapshot.Type == AlertReceiverType.Alertmanager ? AtApi(snapshot.Url) : snapshot.Url;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = ConnectionLife,
            ConnectTimeout = snapshot.Timeout,
        };
        _client = new HttpClient(handler, disposeHandler: true) { Timeout = snapshot.Timeout };
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Never throws but for the cancellation.</summary>
    public async Task<AlertOutcome> SendAsync(byte[] body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = Json;
        foreach ((string name, string value) in _snapshot.Headers) request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            return Judge((int)response.StatusCode);
        }
        catch (HttpRequestException exception)
        {
            // Not its message, which names the address.
            return new AlertOutcome(AlertDelivery.Failed, $"{exception.HttpRequestError}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new AlertOutcome(AlertDelivery.Failed, $"no answer within {_snapshot.Timeout.TotalSeconds:0.#} s");
        }
    }

    private static AlertOutcome Judge(int status) => new(
        status switch
        {
            >= 200 and < 300 => AlertDelivery.Taken,
            408 or 425 or 429 => AlertDelivery.Failed,
            // Where a redirect leads to is not asked; an address or header that is wrong stays wrong.
            >= 300 and < 500 => AlertDelivery.Refused,
            _ => AlertDelivery.Failed,
        },
        $"status {status}");

    private static Uri AtApi(Uri url)
    {
        string path = url.AbsolutePath.TrimEnd('/');
        return path.EndsWith(AlertmanagerPath, StringComparison.Ordinal) ? url : new UriBuilder(url) { Path = path + AlertmanagerPath }.Uri;
    }
}
