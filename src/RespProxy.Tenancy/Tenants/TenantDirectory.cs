using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Tenants;

/// <summary>All tenants of a configuration: by name, and by what AUTH gives. Immutable; any thread.</summary>
public sealed class TenantDirectory
{
    private readonly Dictionary<string, Tenant> _byName;

    /// <summary>By what the hashes of their passwords begin with: of thousands of tenants only these are compared.</summary>
    private readonly ILookup<ulong, Tenant> _byPassword;
    private readonly AdmissionClock _clock;

    /// <param name="configuration">A validated one.</param>
    /// <param name="time">What rates and expiries go by; null: the system's.</param>
    public TenantDirectory(ProxySnapshot configuration, TimeProvider? time = null)
        : this(configuration, new AdmissionClock(time ?? TimeProvider.System), previous: null)
    {
    }

    private TenantDirectory(ProxySnapshot configuration, AdmissionClock clock, TenantDirectory? previous)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _clock = clock;
        var upstreams = configuration.Upstreams.Select((upstream, index) => (upstream.Name, index)).ToDictionary(pair => pair.Name, pair => pair.index, StringComparer.Ordinal);
        _byName = configuration.Tenants.ToDictionary(
            tenant => tenant.Name,
            tenant => previous?.Find(tenant.Name) is { } same && same.Snapshot.IsSamePlaceAs(tenant) ? same : new Tenant(tenant, upstreams[tenant.Upstream], clock),
            StringComparer.Ordinal);
        _byPassword = configuration.Tenants
            .SelectMany(tenant => tenant.PasswordHashes.Select(hash => StartOf(hash.AsSpan())).Distinct(), (tenant, start) => (start, tenant.Name))
            .ToLookup(pair => pair.start, pair => _byName[pair.Name]);
    }

    /// <summary>
    /// The tenants of the next configuration: those whose keys stay where they are go on, with the new policy in force when this returns. One thread at a time.
    /// </summary>
    /// <param name="configuration">A validated one with the same upstreams.</param>
    /// <param name="retired">Tenants that are gone, or have their keys elsewhere now and are a new tenant.</param>
    public TenantDirectory Follow(ProxySnapshot configuration, out IReadOnlyList<Tenant> retired)
    {
        var next = new TenantDirectory(configuration, _clock, this);
        foreach (TenantSnapshot snapshot in configuration.Tenants) next._byName[snapshot.Name].Adopt(snapshot);
        retired = [.. All.Where(tenant => next.Find(tenant.Name) != tenant)];
        foreach (Tenant tenant in retired) tenant.Retire();
        return next;
    }

    public IReadOnlyCollection<Tenant> All => _byName.Values;

    public Tenant? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// The tenant that <c>AUTH user password</c> names, or null. Takes the same time for an unknown user as for a wrong
    /// password.
    /// </summary>
    public Tenant? Authenticate(ReadOnlySpan<byte> user, ReadOnlySpan<byte> password)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(password, hash);
        Tenant? tenant = user.Length <= 256 ? Find(Encoding.UTF8.GetString(user)) : null;
        return tenant is not null && Accepts(tenant, hash) ? tenant : null;
    }

    /// <summary>
    /// The tenant that <c>AUTH password</c> names: clients older than Redis 6 send no user. It succeeds only when exactly
    /// one tenant has that password; two tenants that share one are told apart by user name only. How long it takes tells only whether some password's
    /// hash begins with the same 64 bits.
    /// </summary>
    public Tenant? AuthenticateByPassword(ReadOnlySpan<byte> password)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(password, hash);
        Tenant? found = null;
        int matches = 0;
        foreach (Tenant tenant in _byPassword[StartOf(hash)])
        {
            if (!Accepts(tenant, hash)) continue;
            found = tenant;
            matches++;
        }

        return matches == 1 ? found : null;
    }

    private static ulong StartOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);

    private static bool Accepts(Tenant tenant, ReadOnlySpan<byte> hash)
    {
        // Every hash is compared, none early out: the time says nothing of which one came close.
        bool accepted = false;
        foreach (var expected in tenant.Snapshot.PasswordHashes) accepted |= CryptographicOperations.FixedTimeEquals(expected.AsSpan(), hash);
        return accepted;
    }
}
