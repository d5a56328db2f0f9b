namespace RespProxy.Configuration;

/// <summary>
/// What a key namespace may be. It becomes the start of every key (with a final colon), part of glob patterns and of channel
/// names, so characters that mean something there (<c>: { } * ? [ ] \</c>), spaces and controls are refused: one tenant's
/// namespace can then never match, nor be a prefix of, another's.
/// </summary>
public static class NamespaceRules
{
    /// <summary>Long enough for any name; every key upstream carries it.</summary>
    public const int MaxLength = 128;

    /// <summary>What is wrong with the namespace, or null.</summary>
    public static string? Check(string candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        if (candidate.Length > MaxLength)
            return $"is longer than {MaxLength} characters";
        string[] parts = candidate.Split('@');
        if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
            return "must be cluster@app: two names joined by one '@'";
        return IsName(parts[0]) && IsName(parts[1]) ? null : "may hold letters, digits, '.', '_' and '-' only, besides its '@'";
    }

    /// <summary>Letters, digits, <c>. _ -</c>; at least one.</summary>
    public static bool IsName(string text) =>
        !string.IsNullOrEmpty(text) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
