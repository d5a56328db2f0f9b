using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace RespProxy.Control.Tests;

/// <summary>A point as it arrived.</summary>
internal sealed record OtlpPoint(string Metric, string Unit, string Kind, bool IsCumulative, bool IsMonotonic, string Attributes, double Value, ulong Count, ulong[] Buckets, double[] Bounds);

/// <summary>A request as it arrived: what its resource is, and its points.</summary>
internal sealed record OtlpRequest(string Path, string ContentType, string? Authorization, string Resource, IReadOnlyList<OtlpPoint> Points, int Bytes);

/// <summary>An HTTP server that decodes what an OTLP exporter sends, by its own reading of the format, and answers as the test says.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;

    public OtlpReceiver()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/v1/metrics");
        }

        _listener.Prefixes.Add(new Uri(Address, "/").ToString());
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>The answers to come; then 200 with an empty body.</summary>
    public ConcurrentQueue<(int Status, string? RetryAfter, byte[] Body)> Answers { get; } = new();

    public ConcurrentQueue<OtlpRequest> Requests { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                await AnswerAsync(await _listener.GetContextAsync());
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                // Stopped; or an exporter that stops did not wait for the answer.
                if (!_listener.IsListening) return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        string type = context.Request.ContentType!;
        (string resource, List<OtlpPoint> points) = type == "application/json" ? Json.Read(body.ToArray()) : Protobuf.Read(body.ToArray());
        Requests.Enqueue(new OtlpRequest(context.Request.Url!.AbsolutePath, type, context.Request.Headers["Authorization"], resource, points, (int)body.Length));
        (int status, string? retryAfter, byte[] answer) = Answers.TryDequeue(out var next) ? next : (200, null, []);
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.AddHeader("Retry-After", retryAfter);
        await context.Response.OutputStream.WriteAsync(answer);
        context.Response.Close();
    }

    /// <summary>opentelemetry/proto/collector/metrics/v1, by its field numbers.</summary>
    private static class Protobuf
    {
        public static (string Resource, List<OtlpPoint> Points) Read(ReadOnlyMemory<byte> request)
        {
            ReadOnlyMemory<byte> resourceMetrics = Fields(request).Single(field => field.Number == 1).Bytes;
            var points = new List<OtlpPoint>();
            string resource = Attributes(Fields(resourceMetrics).Single(field => field.Number == 1).Bytes, 1);
            foreach ((_, ReadOnlyMemory<byte> scopeMetrics, _) in Fields(resourceMetrics).Where(field => field.Number == 2))
            {
                foreach ((_, ReadOnlyMemory<byte> metric, _) in Fields(scopeMetrics).Where(field => field.Number == 2)) points.AddRange(Metric(metric));
            }

            return (resource, points);
        }

        private static IEnumerable<OtlpPoint> Metric(ReadOnlyMemory<byte> metric)
        {
            (int kind, ReadOnlyMemory<byte> data, _) = Fields(metric).Single(field => field.Number is 5 or 7 or 9);
            bool isCumulative = Fields(data).Any(field => field is { Number: 2, Value: 2 });
            bool isMonotonic = kind == 7 && Fields(data).Any(field => field is { Number: 3, Value: 1 });
            foreach ((_, ReadOnlyMemory<byte> point, _) in Fields(data).Where(field => field.Number == 1))
            {
                Assert.True(Fixed(point, 2) < Fixed(point, 3));
                yield return new OtlpPoint(
                    Text(metric, 1), Text(metric, 3), kind switch { 5 => "gauge", 7 => "sum", _ => "histogram" }, isCumulative, isMonotonic,
                    Attributes(point, kind == 9 ? 9 : 7),
                    BitConverter.UInt64BitsToDouble(Fixed(point, kind == 9 ? 5 : 4)),
                    kind == 9 ? Fixed(point, 4) : 0,
                    Packed(point, 6), [.. Packed(point, 7).Select(BitConverter.UInt64BitsToDouble)]);
            }
        }

        private static string Attributes(ReadOnlyMemory<byte> message, int number) => string.Join(',', Fields(message).Where(field => field.Number == number && field.Bytes.Length > 0)
            .Select(pair => $"{Text(pair.Bytes, 1)}={Text(Fields(pair.Bytes).Single(field => field.Number == 2).Bytes, 1)}"));

        private static string Text(ReadOnlyMemory<byte> message, int number) => Encoding.UTF8.GetString(Fields(message).Single(field => field.Number == number).Bytes.Span);

        private static ulong Fixed(ReadOnlyMemory<byte> message, int number) => Fields(message).Single(field => field.Number == number).Value;

        private static ulong[] Packed(ReadOnlyMemory<byte> message, int number) => Fields(message).Where(field => field.Number == number && field.Bytes.Length > 0)
            .SelectMany(field => Enumerable.Range(0, field.Bytes.Length / 8).Select(i => BinaryPrimitives.ReadUInt64LittleEndian(field.Bytes.Span[(8 * i)..]))).ToArray();

        private static IEnumerable<(int Number, ReadOnlyMemory<byte> Bytes, ulong Value)> Fields(ReadOnlyMemory<byte> message)
        {
            int at = 0;
            while (at < message.Length)
            {
                ulong tag = Varint(message, ref at);
                switch (tag & 7)
                {
                    case 0:
                        yield return ((int)(tag >> 3), default, Varint(message, ref at));
                        break;
                    case 1:
                        yield return ((int)(tag >> 3), default, BinaryPrimitives.ReadUInt64LittleEndian(message.Span[at..]));
                        at += 8;
                        break;
                    case 2:
                        int length = (int)Varint(message, ref at);
                        yield return ((int)(tag >> 3), message.Slice(at, length), 0);
                        at += length;
                        break;
                    default:
                        throw new InvalidDataException($"wire type {tag & 7}");
                }
            }
        }

        private static ulong Varint(ReadOnlyMemory<byte> message, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte next = message.Span[at++];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80) return value;
            }
        }
    }

    /// <summary>The JSON mapping, by its names.</summary>
    private static class Json
    {
        public static (string Resource, List<OtlpPoint> Points) Read(byte[] request)
        {
            using JsonDocument document = JsonDocument.Parse(request);
            JsonElement resourceMetrics = document.RootElement.GetProperty("resourceMetrics").EnumerateArray().Single();
            var points = new List<OtlpPoint>();
            foreach (JsonElement metric in resourceMetrics.GetProperty("scopeMetrics").EnumerateArray().SelectMany(scope => scope.GetProperty("metrics").EnumerateArray())) points.AddRange(Metric(metric));
            return (Attributes(resourceMetrics.GetProperty("resource")), points);
        }

        private static IEnumerable<OtlpPoint> Metric(JsonElement metric)
        {
            string kind = ((string[])["gauge", "sum", "histogram"]).Single(each => metric.TryGetProperty(each, out _));
            JsonElement data = metric.GetProperty(kind);
            foreach (JsonElement point in data.GetProperty("dataPoints").EnumerateArray())
            {
                Assert.True(Long(point.GetProperty("startTimeUnixNano")) < Long(point.GetProperty("timeUnixNano")));
                bool isHistogram = kind == "histogram";
                yield return new OtlpPoint(
                    metric.GetProperty("name").GetString()!, metric.GetProperty("unit").GetString()!, kind,
                    data.TryGetProperty("aggregationTemporality", out JsonElement temporality) && temporality.GetInt32() == 2,
                    data.TryGetProperty("isMonotonic", out JsonElement monotonic) && monotonic.GetBoolean(),
                    Attributes(point),
                    point.GetProperty(isHistogram ? "sum" : "asDouble").GetDouble(),
                    isHistogram ? Long(point.GetProperty("count")) : 0,
                    isHistogram ? [.. point.GetProperty("bucketCounts").EnumerateArray().Select(Long)] : [],
                    isHistogram ? [.. point.GetProperty("explicitBounds").EnumerateArray().Select(bound => bound.GetDouble())] : []);
            }
        }

        private static string Attributes(JsonElement owner) => string.Join(',', owner.GetProperty("attributes").EnumerateArray()
            .Select(pair => $"{pair.GetProperty("key").GetString()}={pair.GetProperty("value").GetProperty("stringValue").GetString()}"));

        /// <summary>Numbers of 64 bits are texts.</summary>
        private static ulong Long(JsonElement text) => ulong.Parse(text.GetString()!, CultureInfo.InvariantCulture);
    }
}
