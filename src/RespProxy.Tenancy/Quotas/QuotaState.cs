using System.Globalization;
using System.Numerics;
using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Tenancy.Quotas;

/// <summary>
/// A tenant's quota and what it uses of it, as sources report. Any thread; what the request path asks is one volatile read.
///
/// <para>A level is entered as soon as usage reaches it and left when usage has fallen <see cref="Slack"/> below it: usage that hovers at a
/// level's beginning raises one event. Refusals know no slack: like a server at maxmemory they begin beyond the quota and end at it.</para>
/// </summary>
public sealed class QuotaState
{
    /// <summary>Percent of the quota; less than levels are apart.</summary>
    public const int Slack = 5;

    private static readonly QuotaLevel[] Levels = [QuotaLevel.Over, QuotaLevel.Critical, QuotaLevel.High, QuotaLevel.Raised, QuotaLevel.Low];

    private readonly string _tenant;
    private readonly QuotaSnapshot _snapshot;
    private readonly Lock _reporting = new();
    private long? _usage;
    private DateTimeOffset _reportedAt;
    private QuotaLevel _level = QuotaLevel.Low;
    private volatile byte[]? _refusal;

    public QuotaState(string tenant, QuotaSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        _tenant = tenant;
        _snapshot = snapshot;
        IsEnforced = snapshot.Enforce;
        Bytes = snapshot.Bytes;
    }

    /// <summary>
    /// A tenant's quota under a new configuration: what is known of its usage holds on, under the new quota at once; the level that was told
    /// stays until the next report. Null: it has none.
    /// </summary>
    internal static QuotaState? For(TenantSnapshot tenant, QuotaState? previous)
    {
        if (tenant.Quota is null || tenant.Quota == previous?._snapshot) return tenant.Quota is null ? null : previous;
        var next = new QuotaState(tenant.Name, tenant.Quota);
        if (previous?.Read() is { Usage: { } usage } known)
            (next._usage, next._reportedAt, next._level, next._refusal) = (usage, known.ReportedAt, known.Level, next.RefusalAt(usage));
        return next;
    }

    /// <summary>The quota.</summary>
    public long Bytes { get; }

    /// <summary>True: what may add data may have to be refused.</summary>
    public bool IsEnforced { get; }

    /// <summary>
    /// The error of a command that may add data; null while it may run. Begins with OOM, as Redis's own does and clients know;
    /// tells the tenant's own numbers and nothing of the servers.
    /// </summary>
    public byte[]? Refusal => _refusal;

    public QuotaReading Read()
    {
        lock (_reporting) return new QuotaReading(Bytes, _usage, _reportedAt, _level, IsEnforced);
    }

    /// <summary>Takes a source's number.</summary>
    /// <param name="usage">Bytes, 0 or more.</param>
    /// <param name="now">The time.</param>
    /// <returns>The event where the level has changed; null where it has not.</returns>
    public QuotaEvent? Report(long usage, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(usage);
        lock (_reporting)
        {
            _usage = usage;
            _reportedAt = now;
            _refusal = RefusalAt(usage);
            QuotaLevel from = _level;
            _level = NextLevel(from, usage);
            return _level == from ? null : new QuotaEvent(_tenant, from, _level, usage, Bytes);
        }
    }

    /// <summary>Up at once; down as far as the slack lets go.</summary>
    private QuotaLevel NextLevel(QuotaLevel current, long usage)
    {
        QuotaLevel entered = Array.Find(Levels, level => Reaches(usage, level, slack: 0));
        return entered >= current ? entered : Array.Find(Levels, level => Reaches(usage, level, Slack));
    }

    /// <summary>A level is reached at its percentage; over the quota is only what is more than all of it.</summary>
    private bool Reaches(long usage, QuotaLevel level, int slack)
    {
        Int128 threshold = (Int128)Bytes * Math.Max(0, (int)level - slack);
        Int128 used = (Int128)usage * 100;
        return level == QuotaLevel.Over && slack == 0 ? used > threshold : used >= threshold;
    }

    private byte[]? RefusalAt(long usage) => !IsEnforced || usage <= Bytes ? null : Encoding.UTF8.GetBytes(
        $"OOM tenant '{_tenant}' is over its memory quota ({Text(usage)} used of {Text(Bytes)}); delete keys, or let them expire");

    /// <summary>Two decimals, rounded down.</summary>
    internal static string Text(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        int unit = bytes < 1024 ? 0 : BitOperations.Log2((ulong)bytes) / 10;
        decimal value = decimal.Round(bytes / (decimal)(1L << (10 * unit)), 2, MidpointRounding.ToZero);
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {units[unit]}");
    }
}
