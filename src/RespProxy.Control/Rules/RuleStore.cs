using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Control.Rules;

/// <summary>A version as it was kept.</summary>
/// <param name="Version">Under the number that it had.</param>
/// <param name="FileChecksum">Of the configuration file's own tenants when the version came into force.</param>
public sealed record StoredRules(RuleVersion Version, string FileChecksum);

/// <summary>
/// The latest versions on disk, a file each: <c>rules-0000000007.yaml</c>, a comment line that says who and when, then the text as it was put. A file is written beside its
/// place and renamed when it is on the disk, so that there is never half of one; its owner alone may read it. The one with the highest number was in force last.
/// What is damaged is passed over and told. For one proxy alone; one thread at a time.
/// </summary>
public sealed partial class RuleStore
{
    private const string Prefix = "rules-", Suffix = ".yaml", Unfinished = ".new", HeaderStart = "# respproxy rule set ";

    /// <summary>UTF-8 takes three bytes for a character at the most, of those that count as one.</summary>
    private const int MaxFileLength = 3 * RuleSetText.MaxLength + 64 * 1024;

    private readonly string _directory;
    private readonly int _keep;
    private readonly ILogger _logger;

    /// <param name="directory">Made if it is not there.</param>
    /// <param name="keep">Versions kept.</param>
    /// <param name="logger">For what is damaged.</param>
    public RuleStore(string directory, int keep, ILogger logger)
    {
        (_directory, _keep, _logger) = (directory, keep, logger);
    }

    /// <summary>Of all that were ever seen here, damaged ones included: a number is not given twice.</summary>
    public long HighestNumber { get; private set; }

    /// <summary>All that are whole, the oldest first. Never throws for what is on the disk.</summary>
    public IReadOnlyList<StoredRules> Read()
    {
        var found = new List<StoredRules>();
        try
        {
            if (!Directory.Exists(_directory)) return found;
            foreach ((long number, string path) in Files())
            {
                HighestNumber = Math.Max(HighestNumber, number);
                if (TryRead(path, number) is { } stored) found.Add(stored);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(_directory, exception.Message);
        }

        return found;
    }

    /// <summary>Keeps a version as the one in force; the oldest beyond those to be kept go, and those of higher numbers, if there are any.</summary>
    /// <exception cref="IOException">It could not be written; what was there is there still.</exception>
    public void Write(RuleVersion version, string fileChecksum)
    {
        ArgumentNullException.ThrowIfNull(version);
        MakeDirectory();
        string path = Path.Combine(_directory, FormattableString.Invariant($"{Prefix}{version.Number:0000000000}{Suffix}"));
        using (FileStream stream = CreateForOwner(path + Unfinished))
        {
            stream.Write(Header(version, fileChecksum));
            stream.Write(version.Utf8.Span);
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + Unfinished, path, overwrite: true);
        HighestNumber = version.Number;
        (long Number, string Path)[] files = [.. Files()];
        foreach ((long number, string old) in files.Where(file => file.Number > version.Number).Concat(files.SkipLast(_keep))) File.Delete(old);
    }

    private IEnumerable<(long Number, string Path)> Files() =>
        from path in Directory.GetFiles(_directory, Prefix + "*" + Suffix)
        let name = Path.GetFileName(path)
        let number = long.TryParse(name.AsSpan(Prefix.Length, name.Length - Prefix.Length - Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long parsed) ? parsed : 0
        where number > 0
        orderby number
        select (number, path);

    private StoredRules? TryRead(string path, long number)
    {
        string reason;
        try
        {
            if (new FileInfo(path).Length > MaxFileLength) reason = "it is too large";
            else if (Parse(File.ReadAllBytes(path), number) is { } stored) return stored;
            else reason = "its text is not the one whose checksum it has";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or FormatException or ArgumentException
            or KeyNotFoundException or InvalidOperationException)
        {
            reason = exception.Message;
        }

        LogDamaged(path, reason);
        return null;
    }

    private static byte[] Header(RuleVersion version, string fileChecksum)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(Encoding.ASCII.GetBytes(HeaderStart));
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("number", version.Number);
            json.WriteString("checksum", version.Checksum);
            RuleJson.WriteOrigin(json, version);
            json.WriteString("fileChecksum", fileChecksum);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Null: the text is not what the header says.</summary>
    private static StoredRules? Parse(byte[] content, long number)
    {
        int end = Array.IndexOf(content, (byte)'\n');
        if (end < HeaderStart.Length || !content.AsSpan().StartsWith(Encoding.ASCII.GetBytes(HeaderStart))) throw new FormatException("it does not begin as such a file does");
        using JsonDocument header = JsonDocument.Parse(content.AsMemory(HeaderStart.Length..end));
        RuleVersion version = RuleJson.ReadOrigin(header.RootElement, number, content[(end + 1)..]);
        bool isWhole = version.Checksum == header.RootElement.GetProperty("checksum").GetString() && header.RootElement.GetProperty("number").GetInt64() == number;
        return isWhole ? new StoredRules(version, header.RootElement.GetProperty("fileChecksum").GetString() ?? "") : null;
    }

    private void MakeDirectory()
    {
        const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(_directory);
        else if (!Directory.Exists(_directory)) Directory.CreateDirectory(_directory, OwnerAlone);
    }

    private static FileStream CreateForOwner(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(path);
        return new FileStream(path, options);
    }

    [LoggerMessage(6121, LogLevel.Error, "Rules: {Path} is passed over: {Reason}")]
    private partial void LogDamaged(string path, string reason);

    [LoggerMessage(6122, LogLevel.Error, "Rules: directory {Directory} cannot be read, nothing in it is used: {Reason}")]
    private partial void LogUnreadable(string directory, string reason);
}
