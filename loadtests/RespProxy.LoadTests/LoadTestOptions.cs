namespace RespProxy.LoadTests;

/// <summary>What the command line asks for. Empty lists mean all; null paths mean not given.</summary>
internal sealed record LoadTestOptions
{
    public required string RespProxy { get; init; }
    public string? Predixy { get; init; }
    public bool Cluster { get; init; }
    /// <summary>A column for RespProxy by its Unix socket, with the first of <see cref="Loops"/>.</summary>
    public bool Unix { get; init; }
    /// <summary>A pass of its own that counts the proxies' system calls.</summary>
    public bool Syscalls { get; init; }
    public bool Footprint { get; init; }
    /// <summary>How exact limits are, instead of comparing.</summary>
    public bool Limits { get; init; }
    /// <summary>What governance costs, instead of comparing with peers.</summary>
    public bool Governance { get; init; }
    /// <summary>What hot keys' reads gain by the near cache, instead of comparing with peers.</summary>
    public bool NearCache { get; init; }
    /// <summary>What a scrape of /metrics costs, instead of comparing.</summary>
    public bool Scrape { get; init; }
    /// <summary>How cost grows with connections, tenants, rules and nodes, instead of comparing.</summary>
    public bool Scale { get; init; }
    public required IReadOnlyList<int> Loops { get; init; }
    public required IReadOnlyList<string> Workloads { get; init; }
    public required IReadOnlyList<string> Targets { get; init; }
    public required int Repetitions { get; init; }
    public required double CellSeconds { get; init; }
    public string? Out { get; init; }

    /// <summary>The container image whose size the footprint tells; it need not be there.</summary>
    public required string Image { get; init; }

    /// <summary>The document whose generated section is replaced.</summary>
    public string? UpdateDocs { get; init; }
}
