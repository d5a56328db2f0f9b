namespace RespProxy.CodeProfile.Trace;

/// <summary>A method that the runtime has compiled.</summary>
/// <param name="Module">The simple name of the assembly that defines it.</param>
/// <param name="Token">Its metadata token there.</param>
/// <param name="TypeArguments">What its type is instantiated over; empty for a type that is not generic.</param>
/// <param name="Arguments">What it is instantiated over itself.</param>
internal sealed record TracedMethod(string Module, int Token, IReadOnlyList<TracedType> TypeArguments, IReadOnlyList<TracedType> Arguments)
{
    /// <summary>The same for the same method in other traces.</summary>
    public string Key { get; } = $"{Module} {Token:x} {string.Join(' ', TypeArguments.Select(type => type.Key))} : {string.Join(' ', Arguments.Select(type => type.Key))}";
}

/// <summary>A type among the arguments of an instantiation.</summary>
/// <param name="Module">The simple name of the assembly that defines it; of an array, that of its element.</param>
/// <param name="Token">Its metadata token there.</param>
/// <param name="Arguments">What it is instantiated over; of an array, its element.</param>
/// <param name="IsArray">An array of one dimension.</param>
internal sealed record TracedType(string Module, int Token, IReadOnlyList<TracedType> Arguments, bool IsArray)
{
    public string Key { get; } = $"{Module} {Token:x}{(IsArray ? "[]" : "")}<{string.Join(' ', Arguments.Select(type => type.Key))}>";
}
