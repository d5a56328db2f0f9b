using BenchmarkDotNet.Attributes;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;

namespace RespProxy.Microbenchmarks.Benchmarks;

/// <summary>The stages of a request: scan, look up, extract keys, slot, rewrite.</summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    private readonly RequestReader _scanning = new();
    private readonly RequestReader _reader = new();
    private readonly KeyIndexes _keys = new();
    private readonly KeyNamespace _namespace = new("cluster1@app1");
    private byte[] _frame = [];
    private byte[] _output = [];
    private CommandSpec? _spec;
    private int _length;

    [ParamsAllValues]
    public RequestShape Request { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _frame = FrameOf(Request);
        if (_reader.Read(_frame, RequestLimits.Default, out _length) != ReadStatus.Request) throw new InvalidOperationException("no request");
        RequestView request = _reader.View(_frame, _length);
        _spec = CommandTable.Find(request[0]);
        KeyExtractor.Extract(request, _spec!, _keys, out _);
        _output = new byte[RequestRewriter.MaxLength(_length, _keys, _namespace)];
    }

    [Benchmark]
    public int Scan()
    {
        _scanning.Read(_frame, RequestLimits.Default, out int length);
        return length;
    }

    [Benchmark]
    public int LookUpAndExtractKeys()
    {
        RequestView request = _reader.View(_frame, _length);
        CommandSpec? spec = CommandTable.Find(request[0]);
        KeyExtractor.Extract(request, spec!, _keys, out _);
        return _keys.Count;
    }

    /// <summary>Of every key, with the tenant's prefix before it.</summary>
    [Benchmark]
    public int Slot()
    {
        RequestView request = _reader.View(_frame, _length);
        int sum = 0;
        foreach (int key in _keys.Items) sum += _namespace.SlotOf(request[key]);
        return sum;
    }

    [Benchmark]
    public int Rewrite() => RequestRewriter.Write(_reader.View(_frame, _length), _keys, _namespace, _output);

    private static byte[] FrameOf(RequestShape shape) => shape switch
    {
        RequestShape.Get => Wire.Request("GET", "key:000000000001"),
        RequestShape.Set64B => Wire.Request("SET", "key:000000000001", new string('v', 64)),
        RequestShape.Set4KiB => Wire.Request("SET", "key:000000000001", new string('v', 4096)),
        _ => Wire.Request(["MGET", .. Enumerable.Range(0, 10).Select(i => $"key:00000000000{i}")]),
    };
}

public enum RequestShape
{
    Get,
    Set64B,
    Set4KiB,
    MgetOfTen,
}
