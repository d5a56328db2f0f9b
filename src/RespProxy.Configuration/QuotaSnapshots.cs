namespace RespProxy.Configuration;

/// <summary>What runs the servers that hold a tenant's keys, which decides how much is set aside for each byte of its peak.</summary>
public enum QuotaPlatform
{
    /// <summary>Virtual machines, which grow slowly: twice the peak.</summary>
    Vm,

    /// <summary>Containers, which grow within minutes: one and a half times the peak.</summary>
    Container,
}

/// <summary>The memory that is set aside for a tenant: a multiple of the most it has used.</summary>
public sealed record QuotaSnapshot
{
    /// <summary>Times the peak, on virtual machines.</summary>
    public const decimal VmFactor = 2m;

    /// <summary>Times the peak, in containers.</summary>
    public const decimal ContainerFactor = 1.5m;

    /// <summary>Bytes the tenant has used at most.</summary>
    public required long Peak { get; init; }

    /// <summary>Times the peak.</summary>
    public decimal Factor { get; init; } = VmFactor;

    /// <summary>Beyond the quota commands that may add data are refused; otherwise levels are only told.</summary>
    public bool Enforce { get; init; }

    /// <summary>The quota, in bytes.</summary>
    public long Bytes => (long)(Peak * Factor);

    /// <summary>The factor where none is written.</summary>
    public static decimal FactorOf(QuotaPlatform platform) => platform == QuotaPlatform.Container ? ContainerFactor : VmFactor;
}

/// <summary>Where the tenants' usage is read from, besides the admin endpoint.</summary>
public sealed record UsageSnapshot
{
    /// <summary>An absolute path; null: no file.</summary>
    public string? File { get; init; }

    /// <summary>How often it is looked whether the file has changed.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(5);
}
