using System.Reflection.Metadata;

namespace RespProxy.CodeProfile.Profile;

/// <summary>Types that signatures have a code for.</summary>
internal static class Primitives
{
    private static readonly Dictionary<string, SignatureTypeCode> Codes = new(StringComparer.Ordinal)
    {
        ["Void"] = SignatureTypeCode.Void,
        ["Boolean"] = SignatureTypeCode.Boolean,
        ["Char"] = SignatureTypeCode.Char,
        ["SByte"] = SignatureTypeCode.SByte,
        ["Byte"] = SignatureTypeCode.Byte,
        ["Int16"] = SignatureTypeCode.Int16,
        ["UInt16"] = SignatureTypeCode.UInt16,
        ["Int32"] = SignatureTypeCode.Int32,
        ["UInt32"] = SignatureTypeCode.UInt32,
        ["Int64"] = SignatureTypeCode.Int64,
        ["UInt64"] = SignatureTypeCode.UInt64,
        ["Single"] = SignatureTypeCode.Single,
        ["Double"] = SignatureTypeCode.Double,
        ["IntPtr"] = SignatureTypeCode.IntPtr,
        ["UIntPtr"] = SignatureTypeCode.UIntPtr,
        ["Object"] = SignatureTypeCode.Object,
        ["String"] = SignatureTypeCode.String,
    };

    /// <summary>Null for a type that is written by its name.</summary>
    public static SignatureTypeCode? CodeOf(MetadataReader reader, TypeDefinition type) =>
        !type.IsNested && reader.StringComparer.Equals(type.Namespace, "System") && Codes.TryGetValue(reader.GetString(type.Name), out SignatureTypeCode code) ? code : null;

    public static bool IsValueType(MetadataReader reader, TypeDefinition type)
    {
        (StringHandle space, StringHandle name) = type.BaseType.Kind switch
        {
            HandleKind.TypeReference when reader.GetTypeReference((TypeReferenceHandle)type.BaseType) is var reference => (reference.Namespace, reference.Name),
            HandleKind.TypeDefinition when !type.BaseType.IsNil && reader.GetTypeDefinition((TypeDefinitionHandle)type.BaseType) is var definition => (definition.Namespace, definition.Name),
            _ => default,
        };
        if (!reader.StringComparer.Equals(space, "System")) return false;
        // Enum itself is a class.
        return reader.StringComparer.Equals(name, "Enum") || (reader.StringComparer.Equals(name, "ValueType") && !reader.StringComparer.Equals(type.Name, "Enum"));
    }
}
