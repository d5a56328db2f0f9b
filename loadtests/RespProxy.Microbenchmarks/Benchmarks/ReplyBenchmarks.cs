using BenchmarkDotNet.Attributes;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;

namespace RespProxy.Microbenchmarks.Benchmarks;

/// <summary>The stages of a reply: frame it; for errors, see whether it quotes the namespace; where a rule says so, strip it.</summary>
[MemoryDiagnoser]
public class ReplyBenchmarks
{
    private static readonly byte[] Bulk = Wire.Bulk(new string('v', 64));
    private static readonly byte[] Integer = ":1234567\r\n"u8.ToArray();
    private static readonly byte[] ArrayOfTen = Wire.Array([.. Enumerable.Repeat(new string('v', 64), 10)]);
    private static readonly byte[] Error = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"u8.ToArray();
    private static readonly byte[] Popped = [.. "*2\r\n"u8, .. Wire.Bulk("cluster1@app1:key:000000000001"), .. Wire.Array(["element"])];

    private readonly KeyNamespace _namespace = new("cluster1@app1");
    private readonly byte[] _output = new byte[1024];
    private ReplyScanner _scanner;

    [Benchmark]
    public int FrameBulkOf64B() => Frame(Bulk);

    [Benchmark]
    public int FrameInteger() => Frame(Integer);

    [Benchmark]
    public int FrameArrayOfTen() => Frame(ArrayOfTen);

    [Benchmark]
    public NodeErrorKind ClassifyError() => NodeErrors.Classify(Error);

    [Benchmark]
    public bool LookForTheNamespaceInAnError() => ReplyRewriter.QuotesNamespace(Error, _namespace);

    [Benchmark]
    public int StripTheKeyOfAPop() => ReplyRewriter.Write(Popped, ReplyRule.StripFirstElement, _namespace, _output);

    private int Frame(byte[] reply)
    {
        _scanner.Scan(reply, out int length);
        return length;
    }
}
