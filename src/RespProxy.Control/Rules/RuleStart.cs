using System.Text;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Control.Rules;

/// <summary>
/// What a proxy starts with: the fleet's rule set; if that is not to be had, what was in force here last; else the tenants of the configuration file, which
/// are the latest word also where they have changed since and there is no fleet. A rule set that cannot be used any more is told and passed over: a proxy always starts.
/// </summary>
public sealed partial class RuleStart
{
    private readonly ILogger _logger;

    private RuleStart(ConfigurationInput input, ConfigurationResult file, ILogger logger)
    {
        _logger = logger;
        Input = input;
        Snapshot = file.Snapshot!;
        FileTenants = file.OwnTenants!;
    }

    public ConfigurationInput Input { get; }

    /// <summary>The configuration with the chosen rule set.</summary>
    public ProxySnapshot Snapshot { get; private set; }

    public required RuleVersion InForce { get; set; }

    /// <summary>The tenants of the configuration file, as a rule set.</summary>
    public string FileTenants { get; }

    /// <summary>Ends with the one in force.</summary>
    public List<RuleVersion> History { get; } = [];

    /// <summary>Null: nothing is kept.</summary>
    public RuleStore? Store { get; private init; }

    /// <summary>Why the first choice could not be used; empty: it is used.</summary>
    public IReadOnlyList<string> Errors { get; private set; } = [];

    public long StoreFailures { get; private set; }

    /// <summary>Chooses.</summary>
    /// <param name="input">The configuration.</param>
    /// <param name="file">It loaded, without errors.</param>
    /// <param name="ofFleet">The fleet's rule set; null: there is none, or it is not to be had.</param>
    /// <param name="now">When.</param>
    /// <param name="logger">For what was chosen, and what was passed over.</param>
    public static RuleStart Choose(ConfigurationInput input, ConfigurationResult file, RuleVersion? ofFleet, DateTimeOffset now, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(file);
        RulesSnapshot rules = file.Snapshot!.Rules;
        var start = new RuleStart(input, file, logger)
        {
            Store = rules.Directory is null ? null : new RuleStore(rules.Directory, rules.Keep, logger),
            InForce = RuleSets.OfFile(file.OwnTenants!, 0, now),
        };
        if (rules.Redis is null) start.ChooseAlone(now);
        else start.ChooseInFleet(ofFleet);
        return start;
    }

    private void ChooseInFleet(RuleVersion? ofFleet)
    {
        IReadOnlyList<StoredRules> stored = ReadStore();
        bool isNew = ofFleet is not null && (stored.Count == 0 || !IsSame(stored[^1].Version, ofFleet));
        if (ofFleet is not null && TryUse(ofFleet))
        {
            History.RemoveAll(version => version.Number >= ofFleet.Number);
            if (isNew) Keep(ofFleet);
        }
        else if (!TryUseLastOf(stored))
        {
            History.Clear();
        }

        History.Add(InForce);
        LogChosen(InForce, ofFleet is null ? "the control Redis was not reached, or has none" : "the control Redis was asked");
    }

    private void ChooseAlone(DateTimeOffset now)
    {
        IReadOnlyList<StoredRules> stored = ReadStore();
        bool isFileNew = stored.Count > 0 && stored[^1].FileChecksum != RuleVersion.ChecksumOf(Encoding.UTF8.GetBytes(FileTenants));
        if (!isFileNew && TryUseLastOf(stored))
        {
            LogChosen(InForce, "the configuration file's tenants have not changed since");
        }
        else
        {
            InForce = RuleSets.OfFile(FileTenants, (Store?.HighestNumber ?? 0) + 1, now);
            if (isFileNew) LogChosen(InForce, "the configuration file's tenants have changed since the rule set that was in force last");
            // Not in the place of one that may only lack a secret's file today.
            if (isFileNew || stored.Count == 0) Keep(InForce);
        }

        History.Add(InForce);
    }

    private IReadOnlyList<StoredRules> ReadStore()
    {
        if (Store?.Read() is not { } stored) return [];
        History.AddRange(stored.Select(each => each.Version));
        return stored;
    }

    /// <summary>The last that was in force, if it still can be: those before it are not what anyone wants now.</summary>
    private bool TryUseLastOf(IReadOnlyList<StoredRules> stored)
    {
        if (stored.Count == 0 || !TryUse(stored[^1].Version)) return false;
        History.Remove(InForce);
        return true;
    }

    private bool TryUse(RuleVersion version)
    {
        // The file's own, loaded already.
        if (version.Origin != RuleOrigin.File || version.Text != FileTenants)
        {
            ConfigurationResult result = Input.Load(RuleSets.TextOf(version));
            if (result.Snapshot is null)
            {
                Errors = RuleSets.ErrorsOf(result);
                foreach (string error in Errors) LogError(error);
                LogUnusable(version, Errors.Count);
                return false;
            }

            Snapshot = result.Snapshot;
        }

        InForce = version;
        return true;
    }

    private void Keep(RuleVersion version)
    {
        try
        {
            Store?.Write(version, RuleVersion.ChecksumOf(Encoding.UTF8.GetBytes(FileTenants)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            StoreFailures++;
            LogNotStored(version, exception.Message);
        }
    }

    private static bool IsSame(RuleVersion left, RuleVersion right) => (left.Number, left.Checksum) == (right.Number, right.Checksum);

    [LoggerMessage(6131, LogLevel.Information, "Rules: starting with {Version}: {Reason}")]
    private partial void LogChosen(RuleVersion version, string reason);

    [LoggerMessage(6132, LogLevel.Error, "Rules: {Version} cannot be used any more, it has {Errors} error(s)")]
    private partial void LogUnusable(RuleVersion version, int errors);

    [LoggerMessage(6133, LogLevel.Error, "Rules: {Error}")]
    private partial void LogError(string error);

    [LoggerMessage(6134, LogLevel.Error, "Rules: {Version} could not be written to disk: {Reason}")]
    private partial void LogNotStored(RuleVersion version, string reason);
}
