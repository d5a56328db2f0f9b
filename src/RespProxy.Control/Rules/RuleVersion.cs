using System.Security.Cryptography;
using System.Text;

namespace RespProxy.Control.Rules;

/// <summary>How a rule set came.</summary>
public enum RuleOrigin
{
    /// <summary>The tenants of the configuration file.</summary>
    File,

    /// <summary>Put at this proxy, for it alone.</summary>
    Api,

    /// <summary>Put at one proxy of a fleet, for all.</summary>
    Redis,

    /// <summary>An earlier version, put in force again.</summary>
    Rollback,
}

/// <summary>One rule set that was in force, or is to be. Immutable.</summary>
public sealed class RuleVersion
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _utf8;

    /// <summary>Made when it is first asked for: nobody asks while a proxy starts, and OpenSSL takes its time to load. Two threads may both make it; it is the same.</summary>
    private string? _checksum;

    /// <param name="number">See <see cref="Number"/>.</param>
    /// <param name="utf8">The text, not changed any more.</param>
    /// <exception cref="ArgumentException">The bytes are no UTF-8 text.</exception>
    public RuleVersion(long number, byte[] utf8)
    {
        ArgumentNullException.ThrowIfNull(utf8);
        StrictUtf8.GetCharCount(utf8);
        Number = number;
        _utf8 = utf8;
    }

    public RuleVersion(long number, string text)
        : this(number, StrictUtf8.GetBytes(text))
    {
    }

    /// <summary>
    /// Its place in the history, from 1, the proxy's own or, with a control Redis, that of the fleet. 0: the file's tenants, in force only until a fleet has a
    /// rule set.
    /// </summary>
    public long Number { get; }

    /// <summary>SHA-256 of the text, 64 small hexadecimal digits.</summary>
    public string Checksum => _checksum ??= ChecksumOf(_utf8);

    /// <summary>Who put it, as that one said; empty: nobody said.</summary>
    public string Author { get; init; } = "";

    /// <summary>When it was put, by the clock of the proxy where that was.</summary>
    public required DateTimeOffset At { get; init; }

    public required RuleOrigin Origin { get; init; }

    public string Comment { get; init; } = "";

    /// <summary>YAML as UTF-8; kept so, since it is half the size.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8;

    public string Text => StrictUtf8.GetString(_utf8);

    /// <summary>The same text under another number.</summary>
    public RuleVersion Numbered(long number) => new(number, _utf8) { Author = Author, At = At, Origin = Origin, Comment = Comment };

    /// <summary>For logs and errors: <c>version 7 (by ada, 2026-01-31T12:00:00Z)</c>.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"version {Number} ({(Author.Length == 0 ? "" : $"by {Author}, ")}{At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ})");

    public static string ChecksumOf(ReadOnlySpan<byte> utf8) => Convert.ToHexStringLower(SHA256.HashData(utf8));
}

/// <summary>Who changes the rules, and why.</summary>
/// <param name="Author">One line; may be empty.</param>
/// <param name="Comment">One line; may be empty.</param>
public readonly record struct RuleAuthor(string Author, string Comment)
{
    public const int MaxLength = 200;

    /// <summary>What is wrong with them; null: nothing is. They stand in logs and headers.</summary>
    public string? Check()
    {
        if (Author.Length > MaxLength || Comment.Length > MaxLength) return $"author and comment may have {MaxLength} characters";
        return Author.Any(char.IsControl) || Comment.Any(char.IsControl) ? "author and comment may not hold control characters" : null;
    }
}

public enum RuleOutcomeKind
{
    /// <summary>It is in force.</summary>
    Applied,

    /// <summary>It has been in force before: the text is the same.</summary>
    Unchanged,

    /// <summary>There are errors; nothing has changed.</summary>
    Refused,

    /// <summary>Another version is in force than the author thought; nothing has changed.</summary>
    Conflict,

    /// <summary>The version to go back to is not kept.</summary>
    NotFound,

    /// <summary>The control Redis does not answer; it is not known whether something has changed.</summary>
    Away,
}

/// <summary>What became of a rule set.</summary>
/// <param name="Kind">See there.</param>
/// <param name="Version">The one in force now; null: not known.</param>
/// <param name="Errors">Why not; empty when all is well.</param>
public sealed record RuleOutcome(RuleOutcomeKind Kind, RuleVersion? Version, IReadOnlyList<string> Errors)
{
    public bool IsGood => Kind is RuleOutcomeKind.Applied or RuleOutcomeKind.Unchanged;
}

/// <summary>How the rules of a running proxy stand.</summary>
/// <param name="InForce">What requests are judged by.</param>
/// <param name="AppliedAt">Since when, here.</param>
/// <param name="Failures">Rule sets refused since the start.</param>
/// <param name="StoreFailures">Times that the directory could not be written.</param>
/// <param name="Errors">Why the last one was refused; empty when none was after the one in force.</param>
public sealed record RulesReading(RuleVersion InForce, DateTimeOffset AppliedAt, long Failures, long StoreFailures, IReadOnlyList<string> Errors);
