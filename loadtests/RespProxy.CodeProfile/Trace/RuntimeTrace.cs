using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace RespProxy.CodeProfile.Trace;

/// <summary>Reads which methods a traced process has compiled, in that order.</summary>
internal sealed class RuntimeTrace
{
    /// <summary>Loader, JIT, types, and details of methods (https://learn.microsoft.com/dotnet/fundamentals/diagnostics/runtime-events), all of them.</summary>
    public const string Providers = "Microsoft-Windows-DotNETRuntime:0x1C000080018:5";

    private readonly Dictionary<long, string> _modules = [];
    private readonly Dictionary<long, TypeRow> _types = [];
    private readonly Dictionary<long, MethodRow> _methods = [];
    private readonly List<(long Method, long Module)> _compiled = [];

    private RuntimeTrace(TraceEventDispatcher source)
    {
        source.Clr.LoaderModuleLoad += module => _modules[module.ModuleID] = Path.GetFileNameWithoutExtension(module.ModuleILPath);
        source.Clr.TypeBulkType += OnTypes;
        source.Clr.MethodMethodDetails += OnDetails;
        source.Clr.MethodLoadVerbose += method => _compiled.Add((method.MethodID, method.ModuleID));
        source.Process();
    }

    private readonly record struct TypeRow(long Module, int Token, bool IsArray, long[] Arguments);

    private readonly record struct MethodRow(long Type, int Token, long[] Arguments);

    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<TracedMethod> Read(string path)
    {
        using var source = new EventPipeEventSource(path);
        var trace = new RuntimeTrace(source);
        var seen = new HashSet<long>();
        return [.. trace._compiled.Where(compiled => seen.Add(compiled.Method)).Select(compiled => trace.MethodOf(compiled.Method, compiled.Module)).OfType<TracedMethod>()];
    }

    private void OnTypes(GCBulkTypeTraceData types)
    {
        for (int i = 0; i < types.Count; i++)
        {
            GCBulkTypeValues type = types.Values(i);
            long[] arguments = [.. Enumerable.Range(0, type.TypeParameterCount).Select(argument => (long)type.TypeParameterID(argument))];
            _types[(long)type.TypeID] = new TypeRow((long)type.ModuleID, type.TypeNameID, (type.Flags & TypeFlags.Array) != 0, arguments);
        }
    }

    private void OnDetails(MethodDetailsTraceData method)
    {
        long[] arguments = [.. Enumerable.Range(0, method.TypeParameterCount).Select(argument => (long)method.TypeParameters(argument))];
        _methods[(long)method.MethodID] = new MethodRow((long)method.TypeID, method.MethodToken, arguments);
    }

    /// <summary>Null for what has no name: stubs of the runtime.</summary>
    private TracedMethod? MethodOf(long id, long module)
    {
        if (!_methods.TryGetValue(id, out MethodRow row) || (row.Token & 0xffffff) == 0 || !_modules.TryGetValue(module, out string? name)) return null;
        long[] owner = _types.TryGetValue(row.Type, out TypeRow type) && !type.IsArray ? type.Arguments : [];
        return TypesOf(owner) is { } typeArguments && TypesOf(row.Arguments) is { } arguments ? new TracedMethod(name, row.Token, typeArguments, arguments) : null;
    }

    private List<TracedType>? TypesOf(long[] ids)
    {
        List<TracedType> types = [.. ids.Select(TypeOf).OfType<TracedType>()];
        return types.Count == ids.Length ? types : null;
    }

    private TracedType? TypeOf(long id)
    {
        if (!_types.TryGetValue(id, out TypeRow row) || TypesOf(row.Arguments) is not { } arguments) return null;
        if (row.IsArray) return arguments is [var element] ? new TracedType(element.Module, element.Token, arguments, IsArray: true) : null;
        return _modules.TryGetValue(row.Module, out string? module) ? new TracedType(module, row.Token, arguments, IsArray: false) : null;
    }
}
