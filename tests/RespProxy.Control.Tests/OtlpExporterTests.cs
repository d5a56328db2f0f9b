using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;
using RespProxy.Control.Otlp;
using RespProxy.Testing;

namespace RespProxy.Control.Tests;

public sealed class OtlpExporterTests : IAsyncDisposable
{
    /// <summary>So long that no request, however slow the machine, is given up unless the test lets the time pass.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly OtlpReceiver _receiver = new();
    private readonly WatchedTime _time = new();
    private readonly LineLogger _log = new();
    private readonly CancellationTokenSource _stop = new();
    private IEnumerable<MetricFamily> _families =
    [
        MetricFamily.Counter("respproxy_commands_total", "Commands.").Add(7, new MetricLabel("tenant", "shop"), new MetricLabel("command", "get")).Add(3),
        MetricFamily.Gauge("respproxy_memory_bytes", "Memory.").Add(0.5),
        MetricFamily.Gauge("respproxy_absent", "Nothing."),
        MetricFamily.Histogram("respproxy_added_latency_seconds", "Added.").Add(new HistogramValue(new HistogramBounds(0.001, 0.5), [3, 0, 2], 7.5), new MetricLabel("tenant", "shop")),
    ];

    private OtlpExporter? _exporter;
    private Task _running = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await PassAsync(() => _running.IsCompleted);
        _exporter?.Dispose();
        _stop.Dispose();
        await _receiver.DisposeAsync();
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, "application/x-protobuf")]
    [InlineData(OtlpProtocol.HttpJson, "application/json")]
    public async Task Counters_gauges_and_histograms_arrive_as_such(OtlpProtocol protocol, string contentType)
    {
        Start(configuration => configuration with { Protocol = protocol, Headers = [new("Authorization", "Bearer x")], Attributes = [new("team", "é"), new("service.name", "edge")] });

        Export();

        await RequestsAsync(1);
        OtlpRequest request = _receiver.Requests.First();
        Assert.Equal((contentType, "/v1/metrics", "Bearer x"), (request.ContentType, request.Path, request.Authorization));
        Assert.Matches("^service.name=edge,service.version=1.2.3,service.instance.id=[0-9a-f-]{36},host.name=[^,]+,team=é$", request.Resource);
        Assert.Equal(
            [
                "respproxy_commands [] sum True True tenant=shop,command=get 7",
                "respproxy_commands [] sum True True  3",
                "respproxy_memory_bytes [By] gauge False False  0.5",
                "respproxy_added_latency_seconds [s] histogram True False tenant=shop 7.5",
            ],
            request.Points.Select(point => FormattableString.Invariant($"{point.Metric} [{point.Unit}] {point.Kind} {point.IsCumulative} {point.IsMonotonic} {point.Attributes} {point.Value}")));
        OtlpPoint histogram = request.Points[^1];
        Assert.Equal((5UL, "3 0 2", "0.001 0.5"), (histogram.Count, string.Join(' ', histogram.Buckets), FormattableString.Invariant($"{histogram.Bounds[0]} {histogram.Bounds[1]}")));
        Assert.Equal(1, await OwnAsync("accepted"));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_receiver_that_cannot_just_now_is_asked_again(int status)
    {
        _receiver.Answers.Enqueue((status, null, []));
        _receiver.Answers.Enqueue((status, null, []));
        Start();

        Export();

        await PassAsync(() => _receiver.Requests.Count == 3);
        Assert.Equal((1, 2, 0), (await OwnAsync("accepted"), await OwnAsync("retried"), await OwnAsync("rejected")));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(307)]
    public async Task A_receiver_that_will_not_is_not_asked_again_before_the_next_export(int status)
    {
        _receiver.Answers.Enqueue((status, null, []));
        Start();

        Export();
        Assert.Equal((0, 0, 1), (await OwnAsync("accepted"), await OwnAsync("retried"), await OwnAsync("rejected")));
        Export();

        await Eventually.HoldsAsync("the next export is accepted", () => _log.Lines is [.., "Information 6303"]);
        Assert.Equal((1, 2), (await OwnAsync("accepted"), _receiver.Requests.Count));
        Assert.Equal(["Information 6301", "Warning 6302", "Information 6303"], _log.Lines);
    }

    [Fact]
    public async Task Retry_After_is_heeded_even_beyond_the_interval()
    {
        _receiver.Answers.Enqueue((503, "1500", []));
        Start();
        Export();
        await Eventually.HoldsAsync("the exporter waits as it was told", () => _time.Waits.Contains(TimeSpan.FromSeconds(1500)));
        DateTimeOffset refused = _time.GetUtcNow();

        await PassAsync(() => _receiver.Requests.Count == 2, TimeSpan.FromSeconds(20));

        Assert.InRange((_time.GetUtcNow() - refused).TotalSeconds, 1500, 3000);
        Assert.InRange(Own("respproxy_otlp_requests_total", "dropped"), 2, 4);
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf)]
    [InlineData(OtlpProtocol.HttpJson)]
    public async Task Points_that_an_accepting_receiver_did_not_take_are_counted(OtlpProtocol protocol)
    {
        byte[] body = protocol == OtlpProtocol.HttpJson
            ? Encoding.UTF8.GetBytes("""{"partialSuccess": {"rejectedDataPoints": "300", "errorMessage": "too old"}}""")
            : [10, 9, 8, 0xAC, 2, 18, 4, .. "late"u8];
        _receiver.Answers.Enqueue((200, null, body));
        _receiver.Answers.Enqueue((200, null, "{]\u00ff"u8.ToArray()));
        Start(configuration => configuration with { Protocol = protocol });

        Export();
        await Eventually.HoldsAsync("the first is accepted", () => Own("respproxy_otlp_requests_total", "accepted") == 1);
        Export();

        await Eventually.HoldsAsync("both are accepted", () => Own("respproxy_otlp_requests_total", "accepted") == 2);
        Assert.Equal(300, Own("respproxy_otlp_rejected_points_total"));
    }

    [Fact]
    public async Task A_receiver_that_is_away_costs_nothing_but_counts_and_one_line_of_the_log()
    {
        Start(configuration => configuration with { Endpoint = new Uri("http://127.0.0.1:1/v1/metrics"), Interval = TimeSpan.FromSeconds(30) });

        await PassAsync(() => Own("respproxy_otlp_requests_total", "dropped") >= 3, TimeSpan.FromSeconds(5));

        Assert.Equal(["Information 6301", "Warning 6302"], _log.Lines);
        Assert.True(Own("respproxy_otlp_requests_total", "retried") > 0);
    }

    [Fact]
    public async Task Many_points_go_in_requests_of_a_bounded_size_and_none_is_lost_or_sent_twice()
    {
        const int Points = 40_000;
        _families = [new MetricFamily("many", "Many.", MetricKind.Gauge, Enumerable.Range(0, Points).Select(i => new MetricSample([new MetricLabel("i", FormattableString.Invariant($"{i}"))], i)))];
        Start();

        Export();

        await Eventually.HoldsAsync("all points arrive", () => _receiver.Requests.Sum(request => request.Points.Count) >= Points);

        Assert.All(_receiver.Requests, request => Assert.InRange(request.Bytes, 1, (1024 * 1024) + 200));
        Assert.Equal(Enumerable.Range(0, Points).Select(i => (double)i), _receiver.Requests.SelectMany(request => request.Points).Take(Points).Select(point => point.Value));
    }

    [Fact]
    public async Task What_throws_while_it_is_read_is_counted_and_the_next_export_goes_out()
    {
        bool throws = true;
        IEnumerable<MetricFamily> well = _families;
        _families = Enumerable.Range(0, 1).SelectMany(_ => throws ? throw new InvalidOperationException("no") : well);
        Start();
        Export();
        await Eventually.HoldsAsync("the failure is counted", () => Own("respproxy_otlp_requests_total", "dropped") == 1);

        throws = false;
        Export();

        await RequestsAsync(1);
        Assert.Equal(4, _receiver.Requests.First().Points.Count);
    }

    [Fact]
    public async Task The_last_numbers_go_out_when_the_proxy_stops()
    {
        Start();
        await _stop.CancelAsync();

        await PassAsync(() => _running.IsCompleted);

        Assert.Equal(4, Assert.Single(_receiver.Requests).Points.Count);
    }

    private void Start(Func<OtlpSnapshot, OtlpSnapshot>? adjust = null)
    {
        var configuration = new OtlpSnapshot { Endpoint = _receiver.Address, Interval = Interval, Timeout = Interval };
        _exporter = new OtlpExporter(adjust?.Invoke(configuration) ?? configuration, "1.2.3", () => _families, _time, _log);
        _running = _exporter.RunAsync(_stop.Token);
    }

    /// <summary>The time for an export has come.</summary>
    private void Export() => _time.Advance(Interval);

    private Task RequestsAsync(int count) => Eventually.HoldsAsync($"{count} requests arrive", () => _receiver.Requests.Count >= count);

    /// <summary>Lets the exporter's time pass, some of it with each look.</summary>
    private Task PassAsync(Func<bool> condition, TimeSpan? step = null) => Eventually.HoldsAsync("the exporter gets there", () =>
    {
        if (condition()) return true;
        _time.Advance(step ?? TimeSpan.FromMilliseconds(250));
        return false;
    });

    private async Task<double> OwnAsync(string outcome)
    {
        // The answer is counted after the receiver has seen the request.
        await Eventually.HoldsAsync("the answer is counted", () => _exporter!.Metrics.First().Samples.Where(sample => sample.Labels[0].Value != "retried").Sum(sample => sample.Value) > 0);
        return Own("respproxy_otlp_requests_total", outcome);
    }

    private double Own(string name, string? outcome = null) =>
        _exporter!.Metrics.Single(family => family.Name == name).Samples.Single(sample => outcome is null || sample.Labels[0].Value == outcome).Value;

    /// <summary>Knows what is waited for.</summary>
    private sealed class WatchedTime() : FakeTimeProvider(DateTimeOffset.UtcNow)
    {
        public System.Collections.Concurrent.ConcurrentBag<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class LineLogger : ILogger
    {
        private readonly List<string> _lines = [];

        public string[] Lines
        {
            get
            {
                lock (_lines) return [.. _lines];
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines) _lines.Add($"{logLevel} {eventId.Id}");
        }
    }
}
