using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using RespProxy.CodeProfile.Trace;

namespace RespProxy.CodeProfile.Profile;

/// <summary>
/// Writes a profile for crossgen2 (its option --mibc): an assembly whose methods hold, as instructions that are never run, <c>ldtoken METHOD, ldstr "ExclusiveWeight",
/// ldc WEIGHT, pop</c> for each method. They are in groups by the assemblies that they name, which <c>AssemblyDictionary</c> lists. The format is described at
/// MIbcProfileParser in https://github.com/dotnet/runtime. Methods are named, so a profile outlives changes of the code: what is gone is passed over.
/// </summary>
internal sealed class ProfileBuilder
{
    /// <summary>Above all weights of the profile that comes with the runtime, so that the order is this one's. Each method has 1 less than the one before.</summary>
    private const double FirstWeight = 1e9;

    /// <summary>Methods that were not used go last.</summary>
    private const double RestWeight = 0.001;

    private readonly MetadataBuilder _metadata = new();
    private readonly AssemblyImages _images;
    private readonly References _references;
    private readonly SortedDictionary<string, InstructionEncoder> _groups = new(StringComparer.Ordinal);
    private readonly HashSet<string> _added = new(StringComparer.Ordinal);
    private double _weight = FirstWeight;

    public ProfileBuilder(AssemblyImages images)
    {
        _images = images;
        _references = new References(_metadata, images);
    }

    /// <summary>How many methods it names.</summary>
    public int Count { get; private set; }

    /// <summary>How many it could not name: they are not in the assemblies, or have what cannot be written in a signature.</summary>
    public int Left { get; private set; }

    /// <summary>Adds a method behind those before it, unless it is there.</summary>
    public void Add(TracedMethod method) => Add(method, _weight--);

    /// <summary>Adds, behind all others, what was not used of some assemblies, where it is not generic: it is to be compiled all the same.</summary>
    public void AddRest(Func<string, bool> assemblies)
    {
        foreach (string module in _images.Names.Where(assemblies))
        {
            MetadataReader reader = _images.Find(module)!;
            foreach (MethodDefinitionHandle handle in reader.MethodDefinitions)
            {
                MethodDefinition method = reader.GetMethodDefinition(handle);
                bool isGeneric = method.GetGenericParameters().Count > 0 || reader.GetTypeDefinition(method.GetDeclaringType()).GetGenericParameters().Count > 0;
                if (!isGeneric && method.RelativeVirtualAddress != 0) Add(new TracedMethod(module, MetadataTokens.GetToken(handle), [], []), RestWeight);
            }
        }
    }

    public void Write(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        _metadata.AddModule(0, _metadata.GetOrAddString(name), _metadata.GetOrAddGuid(Guid.Empty), default, default);
        _metadata.AddAssembly(_metadata.GetOrAddString(name), new Version(1, 0, 0, 0), default, default, default, default);
        _metadata.AddTypeDefinition(default, default, _metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        var code = new BlobBuilder();
        var bodies = new MethodBodyStreamEncoder(code);
        var dictionary = new InstructionEncoder(new BlobBuilder());
        foreach ((string group, InstructionEncoder body) in _groups)
        {
            dictionary.LoadString(_metadata.GetOrAddUserString(group));
            dictionary.OpCode(ILOpCode.Ldtoken);
            dictionary.Token(AddMethod("Group", bodies, body));
            dictionary.OpCode(ILOpCode.Pop);
        }

        AddMethod("AssemblyDictionary", bodies, dictionary);
        var image = new BlobBuilder();
        var builder = new ManagedPEBuilder(PEHeaderBuilder.CreateLibraryHeader(), new MetadataRootBuilder(_metadata), code, deterministicIdProvider: _ => default);
        builder.Serialize(image);
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        ZipArchiveEntry entry = archive.CreateEntry($"{Path.GetFileName(path)}.dll", CompressionLevel.SmallestSize);
        // The same profile is the same file.
        entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using Stream file = entry.Open();
        image.WriteContentTo(file);
    }

    private void Add(TracedMethod traced, double weight)
    {
        if (!_added.Add(traced.Key)) return;
        if (_images.Find(traced.Module) is not { } reader)
        {
            Left++;
            return;
        }

        try
        {
            EntityHandle method = Reference(traced, reader.GetMethodDefinition((MethodDefinitionHandle)MetadataTokens.EntityHandle(traced.Token)), reader);
            InstructionEncoder body = GroupOf(traced);
            body.OpCode(ILOpCode.Ldtoken);
            body.Token(method);
            body.LoadString(_metadata.GetOrAddUserString("ExclusiveWeight"));
            body.LoadConstantR8(weight);
            body.OpCode(ILOpCode.Pop);
            Count++;
        }
        catch (NotSupportedException)
        {
            Left++;
        }
    }

    private EntityHandle Reference(TracedMethod traced, MethodDefinition method, MetadataReader reader)
    {
        BlobBuilder signature = _references.Signature(traced.Module, method);
        EntityHandle owner = _references.Type(traced.Module, method.GetDeclaringType());
        if (traced.TypeArguments.Count > 0)
        {
            var type = new BlobBuilder();
            _references.WriteInstantiation(type, traced.Module, method.GetDeclaringType(), traced.TypeArguments);
            owner = _metadata.AddTypeSpecification(_metadata.GetOrAddBlob(type));
        }

        EntityHandle member = _metadata.AddMemberReference(owner, _metadata.GetOrAddString(reader.GetString(method.Name)), _metadata.GetOrAddBlob(signature));
        if (traced.Arguments.Count == 0) return member;
        var arguments = new BlobBuilder();
        arguments.WriteByte((byte)SignatureKind.MethodSpecification);
        arguments.WriteCompressedInteger(traced.Arguments.Count);
        foreach (TracedType argument in traced.Arguments) _references.Write(arguments, argument);
        return _metadata.AddMethodSpecification(member, _metadata.GetOrAddBlob(arguments));
    }

    /// <summary>The assembly that defines the method first, then those of its instantiation: crossgen2 reads only groups whose assemblies it compiles.</summary>
    private InstructionEncoder GroupOf(TracedMethod method)
    {
        var others = new SortedSet<string>(method.TypeArguments.Concat(method.Arguments).SelectMany(ModulesOf), StringComparer.Ordinal);
        others.Remove(method.Module);
        string group = string.Concat(others.Prepend(method.Module).Select(module => module + ";"));
        if (!_groups.TryGetValue(group, out InstructionEncoder body)) _groups[group] = body = new InstructionEncoder(new BlobBuilder());
        return body;
    }

    private static IEnumerable<string> ModulesOf(TracedType type) => type.Arguments.SelectMany(ModulesOf).Append(type.Module);

    private MethodDefinitionHandle AddMethod(string name, MethodBodyStreamEncoder bodies, InstructionEncoder body)
    {
        body.OpCode(ILOpCode.Ret);
        var signature = new BlobBuilder();
        new BlobEncoder(signature).MethodSignature().Parameters(0, result => result.Void(), _ => { });
        return _metadata.AddMethodDefinition(
            MethodAttributes.Public | MethodAttributes.Static, MethodImplAttributes.IL, _metadata.GetOrAddString(name), _metadata.GetOrAddBlob(signature), bodies.AddMethodBody(body), default);
    }
}
