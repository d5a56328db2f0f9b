using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Recent;
using RespProxy.Tenancy.Tests.Admission;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Recent;

/// <summary>Requests that go into a record and, beside it, through rules as they come: what really happens, and what is foreseen.</summary>
internal sealed class RecordedTraffic
{
    private readonly ManualTime _time = new();
    private readonly RequestReader _reader = new();
    private readonly KeyIndexes _keys = new();
    private readonly AdmissionScratch _scratch = new();
    private readonly RuleSet? _rules;

    public RecordedTraffic(int memory, TenantSnapshot? tenant = null, ulong seed = 1)
    {
        Record = new RecentRequests(new RecentRequestsSnapshot { Memory = memory }, _time, seed);
        _rules = tenant is null ? null : RuleSetCompiler.Compile(tenant, _time.Clock);
    }

    public RecentRequests Record { get; }

    public ManualTime Time => _time;

    public int Requests { get; private set; }

    public int Denied { get; private set; }

    public int Throttled { get; private set; }

    public int Delayed { get; private set; }

    public int Shadowed { get; private set; }

    public static TenantSnapshot Tenant { get; } = new() { Name = "shop", Upstream = "main", Namespace = "main@shop" };

    public static TenantSnapshot Denying(params DenialSnapshot[] denials) => Tenant with { Denials = [.. denials] };

    public static TenantSnapshot Limiting(params RateSnapshot[] rates) => Tenant with { Limits = new TenantLimitsSnapshot { Rates = [.. rates] } };

    /// <summary>A mixture of commands and keys over so many seconds, the same for the same seed.</summary>
    public void Run(int seed, int requests, double seconds)
    {
        var random = new Random(seed);
        for (int i = 0; i < requests; i++)
        {
            _time.Advance(random.NextDouble() * 2 * seconds / requests);
            string key = random.Next(10) == 0 ? "hot" : $"user:{random.Next(1000)}";
            Ask(random.Next(5) switch
            {
                0 => ["SET", key, new string('x', random.Next(200))],
                1 => ["MGET", key, "a", "b"],
                2 => ["HGETALL", $"big:{random.Next(20)}"],
                3 => ["PING"],
                _ => ["GET", key],
            });
        }
    }

    public void Ask(params string[] arguments)
    {
        byte[] frame = Wire.Request(arguments);
        Assert.Equal(ReadStatus.Request, _reader.Read(frame, RequestLimits.Default, out int length));
        RequestView request = _reader.View(frame, length);
        CommandSpec spec = CommandTable.Find(request[0])!;
        Assert.Equal(KeyExtraction.Found, KeyExtractor.Extract(request, spec, _keys, out _));
        Record.Note(request, spec, _keys.Items, weight: 1);
        Requests++;
        if (_rules is null) return;
        _rules.Decide(request, spec, _scratch, _rules.Clock.Now, out Verdict verdict);
        Denied += verdict.Outcome == AdmissionOutcome.Denied ? 1 : 0;
        Throttled += verdict.Outcome == AdmissionOutcome.Throttled ? 1 : 0;
        Delayed += verdict.Outcome == AdmissionOutcome.Delayed ? 1 : 0;
        Shadowed += verdict.IsShadowed ? 1 : 0;
    }

    public List<RecentRequest> Read()
    {
        var requests = new List<RecentRequest>();
        Record.CopyTo(requests, since: 0);
        return requests;
    }

    public ReplayOutcome Replay(TenantSnapshot tenant) => RuleReplay.Run(tenant, Read(), _time);
}
