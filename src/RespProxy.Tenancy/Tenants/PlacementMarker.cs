using RespProxy.Configuration;

namespace RespProxy.Tenancy.Tenants;

/// <summary>
/// What is written down upstream of a tenant: the namespace and the placement that its keys are under. The marker's own key is outside every namespace: a
/// name has an <c>@</c> before any <c>:</c> (<see cref="NamespaceRules"/>). Immutable.
/// </summary>
public sealed record PlacementMarker(string Namespace, KeyPlacement Placement)
{
    /// <summary>What the key of every marker begins with.</summary>
    public const string KeyPrefix = "respproxy:tenant:";

    /// <summary>The key upstream of a tenant's marker.</summary>
    public static string KeyOf(Tenant tenant)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        return KeyPrefix + tenant.Name;
    }

    /// <summary>What the configuration says.</summary>
    public static PlacementMarker Of(Tenant tenant)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        return new PlacementMarker(tenant.Databases[0].Name, tenant.Placement);
    }

    /// <summary>Reads what <see cref="ToString"/> gives; null for anything else.</summary>
    public static PlacementMarker? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] words = text.Split(' ');
        if (words.Length != 2 || NamespaceRules.Check(words[0]) is not null) return null;
        foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
        {
            if (NameOf(placement) == words[1]) return new PlacementMarker(words[0], placement);
        }

        return null;
    }

    /// <summary><c>cluster@app spread</c>.</summary>
    public override string ToString() => $"{Namespace} {NameOf(Placement)}";

    private static string NameOf(KeyPlacement placement) => placement switch
    {
        KeyPlacement.Tagged => "tagged",
        KeyPlacement.Pinned => "pinned",
        _ => "spread",
    };
}
