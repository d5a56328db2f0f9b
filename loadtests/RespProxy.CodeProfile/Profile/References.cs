using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using RespProxy.CodeProfile.Trace;

namespace RespProxy.CodeProfile.Profile;

/// <summary>What a profile refers to by name in other assemblies: types, and signatures over them. Methods that cannot be said so throw <see cref="NotSupportedException"/>.</summary>
internal sealed class References(MetadataBuilder metadata, AssemblyImages images)
{
    /// <summary>Where the compiler looks for <c>__Canon</c>, which stands for all reference types in code that they share.</summary>
    private const string CanonAssembly = "System.Private.Canon";

    private readonly Dictionary<string, AssemblyReferenceHandle> _assemblies = [];
    private readonly Dictionary<(string, EntityHandle), EntityHandle> _types = [];

    public EntityHandle Type(string module, TypeDefinitionHandle handle)
    {
        if (_types.TryGetValue((module, handle), out EntityHandle known)) return known;
        MetadataReader reader = ReaderOf(module);
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name), space = reader.GetString(type.Namespace);
        EntityHandle scope = type.IsNested ? Type(module, type.GetDeclaringType()) : Assembly((space, name) == ("System", "__Canon") ? CanonAssembly : module);
        return _types[(module, handle)] = metadata.AddTypeReference(scope, metadata.GetOrAddString(space), metadata.GetOrAddString(name));
    }

    /// <summary>A type as an argument of an instantiation.</summary>
    public void Write(BlobBuilder signature, TracedType type)
    {
        if (type.IsArray)
        {
            signature.WriteByte((byte)SignatureTypeCode.SZArray);
            Write(signature, type.Arguments[0]);
            return;
        }

        MetadataReader reader = ReaderOf(type.Module);
        var handle = (TypeDefinitionHandle)MetadataTokens.EntityHandle(type.Token);
        TypeDefinition definition = reader.GetTypeDefinition(handle);
        if (Primitives.CodeOf(reader, definition) is { } primitive)
        {
            signature.WriteByte((byte)primitive);
            return;
        }

        WriteInstantiation(signature, type.Module, handle, type.Arguments);
    }

    public void WriteInstantiation(BlobBuilder signature, string module, TypeDefinitionHandle handle, IReadOnlyList<TracedType> arguments)
    {
        MetadataReader reader = ReaderOf(module);
        if (arguments.Count > 0) signature.WriteByte((byte)SignatureTypeCode.GenericTypeInstance);
        signature.WriteByte((byte)(Primitives.IsValueType(reader, reader.GetTypeDefinition(handle)) ? SignatureTypeKind.ValueType : SignatureTypeKind.Class));
        signature.WriteCompressedInteger(CodedIndex.TypeDefOrRef(Type(module, handle)));
        if (arguments.Count == 0) return;
        signature.WriteCompressedInteger(arguments.Count);
        foreach (TracedType argument in arguments) Write(signature, argument);
    }

    /// <summary>The signature of a method as its assembly has it, with this profile's references.</summary>
    public BlobBuilder Signature(string module, MethodDefinition method)
    {
        MetadataReader reader = ReaderOf(module);
        var copy = new SignatureCopy(reader.GetBlobReader(method.Signature), handle => Translate(module, handle));
        return copy.OfMethod();
    }

    private EntityHandle Translate(string module, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition => Type(module, (TypeDefinitionHandle)handle),
        HandleKind.TypeReference => Reference(module, (TypeReferenceHandle)handle),
        _ => throw new NotSupportedException($"a {handle.Kind} in a signature of {module}"),
    };

    private EntityHandle Reference(string module, TypeReferenceHandle handle)
    {
        if (_types.TryGetValue((module, handle), out EntityHandle known)) return known;
        MetadataReader reader = ReaderOf(module);
        TypeReference type = reader.GetTypeReference(handle);
        EntityHandle scope = type.ResolutionScope.Kind switch
        {
            HandleKind.TypeReference => Reference(module, (TypeReferenceHandle)type.ResolutionScope),
            HandleKind.AssemblyReference => Assembly(reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name)),
            _ => throw new NotSupportedException($"a scope of {type.ResolutionScope.Kind} in {module}"),
        };
        return _types[(module, handle)] = metadata.AddTypeReference(scope, metadata.GetOrAddString(reader.GetString(type.Namespace)), metadata.GetOrAddString(reader.GetString(type.Name)));
    }

    private AssemblyReferenceHandle Assembly(string name)
    {
        if (!_assemblies.TryGetValue(name, out AssemblyReferenceHandle handle))
            _assemblies[name] = handle = metadata.AddAssemblyReference(metadata.GetOrAddString(name), new Version(0, 0, 0, 0), default, default, default, default);
        return handle;
    }

    private MetadataReader ReaderOf(string module) => images.Find(module) ?? throw new NotSupportedException($"{module} is not among the assemblies");
}
