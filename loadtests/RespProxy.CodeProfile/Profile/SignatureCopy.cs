using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace RespProxy.CodeProfile.Profile;

/// <summary>Copies a signature (ECMA-335, II.23.2), with other references to types.</summary>
internal ref struct SignatureCopy(BlobReader source, Func<EntityHandle, EntityHandle> translate)
{
    private readonly BlobBuilder _copy = new();
    private BlobReader _source = source;

    public BlobBuilder OfMethod()
    {
        SignatureHeader header = _source.ReadSignatureHeader();
        _copy.WriteByte(header.RawValue);
        if (header.IsGeneric) _ = Number();
        int parameters = Number();
        for (int i = 0; i <= parameters; i++) Type();
        return _copy;
    }

    private void Type()
    {
        byte code = _source.ReadByte();
        _copy.WriteByte(code);
        switch ((SignatureTypeCode)code)
        {
            case SignatureTypeCode.RequiredModifier or SignatureTypeCode.OptionalModifier:
                Handle();
                Type();
                break;
            case SignatureTypeCode.ByReference or SignatureTypeCode.Pointer or SignatureTypeCode.SZArray or SignatureTypeCode.Pinned:
                Type();
                break;
            case (SignatureTypeCode)SignatureTypeKind.Class or (SignatureTypeCode)SignatureTypeKind.ValueType:
                Handle();
                break;
            case SignatureTypeCode.GenericTypeParameter or SignatureTypeCode.GenericMethodParameter:
                _ = Number();
                break;
            case SignatureTypeCode.GenericTypeInstance:
                Type();
                for (int left = Number(); left > 0; left--) Type();
                break;
            case SignatureTypeCode.Array:
                Array();
                break;
            case SignatureTypeCode.FunctionPointer:
                throw new NotSupportedException("a pointer to a function in a signature");
        }
    }

    private void Array()
    {
        Type();
        _ = Number();
        for (int left = Number(); left > 0; left--) _ = Number();
        for (int left = Number(); left > 0; left--) _copy.WriteCompressedSignedInteger(_source.ReadCompressedSignedInteger());
    }

    private int Number()
    {
        int number = _source.ReadCompressedInteger();
        _copy.WriteCompressedInteger(number);
        return number;
    }

    private readonly void Handle(EntityHandle handle) => _copy.WriteCompressedInteger(CodedIndex.TypeDefOrRefOrSpec(translate(handle)));

    private void Handle() => Handle(_source.ReadTypeHandle());
}
