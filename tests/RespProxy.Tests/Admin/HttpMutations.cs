using System.Globalization;
using System.Text;
using RespProxy.Control.Admin;

namespace RespProxy.Tests.Admin;

/// <summary>Requests to the admin API that nobody in his senses would send: well-formed ones with strange parts, and such with bytes changed. The same for the same seed.</summary>
internal sealed class HttpMutations(int seed, IReadOnlyList<AdminRoute> routes)
{
    private static readonly string[] Methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND", "\u0001"];

    private static readonly string[] Names = ["app1", "nobody", "%2F", "%252e%252e", "..", "%00", "%ff%fe", "a%0d%0ab", new('x', 300), "", " ", "%", "{name}", "app1;v=1", "999999999999999999999", "-1", "١٢٣"];

    private static readonly string[] Parameters = ["count", "limit", "cursor", "tenant", "author", "comment", "expect", "to", "minutes", "%00", "", "x[]", "a=b"];

    private static readonly string[] Headers =
    [
        "Host: [", "Host: a b", "Host:", "Origin: null", "Origin: ", "Authorization: Bearer", "Authorization: Bearer \u00ff", "Authorization: Negotiate AAAA", "Content-Type: application/json; charset=bogus",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Content-Length: 99999999999999999999", "Content-Length: -1", "Content-Length: 5\r\nContent-Length: 6", "Expect: 100-continue", "Expect: nonsense",
        "Upgrade: websocket\r\nConnection: Upgrade", "Connection: close, keep-alive", "Range: bytes=0-", "X-Forwarded-For: 1.2.3.4", "Cookie: a=b", "Accept: */*;q=x", "Accept-Encoding: gzip;q=9", "If-Match: *", ": empty", "No-Colon",
        "Folded: a\r\n b", "X: " + "y",
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] request = Encoding.Latin1.GetBytes(WellFormed());
        int mutations = _random.Next(3) == 0 ? _random.Next(1, 6) : 0;
        for (int i = 0; i < mutations; i++) request = Mutate(request);
        return request;
    }

    private string WellFormed()
    {
        AdminRoute route = routes[_random.Next(routes.Count)];
        string method = _random.Next(2) == 0 ? route.Method : Pick(Methods);
        string path = string.Join('/', route.Pattern.Split('/').Select(part => part.StartsWith('{') ? Pick(Names) : part)) + (_random.Next(5) == 0 ? "/" + Pick(Names) : "");
        string query = string.Join('&', Enumerable.Range(0, _random.Next(4)).Select(_ => $"{Pick(Parameters)}={Pick(Names)}"));
        var text = new StringBuilder($"{method} {path}{(query.Length > 0 ? "?" : "")}{query} HTTP/1.1\r\nHost: 127.0.0.2\r\nConnection: close\r\n");
        for (int i = _random.Next(3); i > 0; i--) text.Append(Pick(Headers)).Append("\r\n");
        string body = Body();
        if (body.Length > 0 && _random.Next(8) != 0) text.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        return text.Append("\r\n").Append(body).ToString();
    }

    private string Body() => _random.Next(8) switch
    {
        0 => "tenants:\n- name: app1\n",
        1 => new string('[', 3000),
        2 => new string((char)_random.Next(256), _random.Next(40)),
        3 => "{\"level\": \"Debug\"}",
        4 => string.Concat(Enumerable.Range(0, _random.Next(100)).Select(_ => (char)_random.Next(256))),
        5 => "a: &a [*a, *a]\n",
        6 => new string('9', _random.Next(60)),
        _ => "",
    };

    private byte[] Mutate(byte[] request)
    {
        int at = _random.Next(request.Length);
        return _random.Next(5) switch
        {
            0 => [.. request[..at], (byte)_random.Next(256), .. request[at..]],
            1 => [.. request[..at], .. request[Math.Min(request.Length, at + _random.Next(1, 10))..]],
            2 => request[..Math.Max(1, at)],
            3 => [.. request[..at], .. request[_random.Next(request.Length)..]],
            _ => [.. request[..at], (byte)(request[at] ^ (1 << _random.Next(8))), .. request[(at + 1)..]],
        };
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
