namespace RespProxy.Configuration.Loading;

/// <summary>
/// What concerns several elements: names given once, references that lead somewhere, addresses and namespaces that do not
/// collide. Sections and snapshots of a list are at the same index. Elements that are already in error ("" for a name) are passed over.
/// </summary>
internal sealed class CrossChecks(
    Section root,
    ProxySnapshot snapshot,
    IReadOnlyList<Section> upstreams,
    IReadOnlyList<Section> listeners,
    IReadOnlyList<Section> tenants)
{
    public void Run()
    {
        AtLeastOne("upstreams", "where the data is: a name and the seeds of a Redis or Valkey");
        AtLeastOne("listeners", "where clients connect: a bind address");
        AtLeastOne("tenants", "whose keys there are: a name");
        NamesAreUnique(upstreams, [.. snapshot.Upstreams.Select(upstream => upstream.Name)]);
        NamesAreUnique(listeners, [.. snapshot.Listeners.Select(listener => listener.Name)]);
        NamesAreUnique(tenants, [.. snapshot.Tenants.Select(tenant => tenant.Name)]);
        TenantsHaveUpstreams();
        NamespacesAreApart();
        ListenersHaveTenants();
        AddressesAreApart();
        NearCachesKnowHotKeys();
        SharedRatesHaveAControlRedis();
    }

    private void AtLeastOne(string key, string purpose)
    {
        // A value of the wrong kind has been reported already.
        if (root.Node(key) is null or ListNode { Items.Count: 0 } or ScalarNode { IsNull: true })
            root.Error(key, $"needs at least one element ({purpose})");
    }

    private static void NamesAreUnique(IReadOnlyList<Section> sections, IReadOnlyList<string> names)
    {
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i].Length > 0 && sections[i].Has("name") && !first.TryAdd(names[i], sections[i].Path))
                sections[i].Error("name", $"{Suggestion.Quote(names[i])} is the name of {first[names[i]]} too; names must be unique");
        }
    }

    private void TenantsHaveUpstreams()
    {
        string[] names = [.. snapshot.Upstreams.Select(upstream => upstream.Name).Where(name => name.Length > 0)];
        for (int i = 0; i < tenants.Count; i++)
        {
            string upstream = snapshot.Tenants[i].Upstream;
            if (upstream.Length == 0 && upstreams.Count > 1 && !tenants[i].Has("upstream"))
                tenants[i].Error("upstream", $"is missing; there are several: {string.Join(", ", names)}");
            else if (upstream.Length > 0 && names.Length > 0 && !names.Contains(upstream, StringComparer.Ordinal))
                tenants[i].Error("upstream", $"there is no upstream {Suggestion.Quote(upstream)}; {Suggestion.For(upstream, names)}");
        }
    }

    private void NearCachesKnowHotKeys()
    {
        if (snapshot.HotKeys.Enabled) return;
        for (int i = 0; i < tenants.Count; i++)
        {
            if (snapshot.Tenants[i].NearCache is not null)
                tenants[i].Error("nearCache", "keeps hot keys only, and hotKeys.enabled is false: nothing would ever be kept; remove one of the two");
        }
    }

    private void SharedRatesHaveAControlRedis()
    {
        if (snapshot.Fleet is not null) return;
        foreach (Section rate in tenants.SelectMany(tenant => tenant.Child("limits").Children("rates")).Where(rate => rate.Text("scope") == "fleet"))
            rate.Error("scope", "needs a control Redis that the proxies share the rate by; write fleet: {redis: {addresses: [\"host:port\"]}}, or scope: proxy");
    }

    /// <summary>A namespace holds no colon, and its keys have one behind it: only equal ones overlap (<see cref="NamespaceRules"/>), so each of thousands is looked up once.</summary>
    private void NamespacesAreApart()
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < tenants.Count; i++)
        {
            string mine = snapshot.Tenants[i].Namespace;
            if (mine.Length == 0 || first.TryAdd(mine, i)) continue;
            int other = first[mine];
            // Two tenants of one name would otherwise be told twice that they are the same.
            if (snapshot.Tenants[i].Name != snapshot.Tenants[other].Name)
                tenants[i].Error("namespace", $"{Suggestion.Quote(mine)} overlaps the namespace of {tenants[other].Path} ({Suggestion.Quote(snapshot.Tenants[other].Namespace)}); their keys would meet");
        }
    }

    private void ListenersHaveTenants()
    {
        string[] names = [.. snapshot.Tenants.Select(tenant => tenant.Name).Where(name => name.Length > 0)];
        bool anyPassword = tenants.Any(tenant => tenant.Items("passwords").Any());
        for (int i = 0; i < listeners.Count; i++)
        {
            string? tenant = snapshot.Listeners[i].Tenant;
            if (tenant is not null && names.Length > 0 && !names.Contains(tenant, StringComparer.Ordinal))
                listeners[i].Error("tenant", $"there is no tenant {Suggestion.Quote(tenant)}; {Suggestion.For(tenant, names)}");
            else if (!listeners[i].Has("tenant") && tenants.Count > 0 && !anyPassword)
                listeners[i].Error("tenant", "is missing, and no tenant has a password, so no client could ever authenticate; name a tenant here or give one a password");
        }
    }

    private void AddressesAreApart()
    {
        BindAddress admin = snapshot.Admin.Enabled ? new BindAddress(snapshot.Admin.Host, snapshot.Admin.Port, null) : default;
        for (int i = 0; i < listeners.Count; i++)
        {
            BindAddress mine = AddressOf(i);
            int other = mine == default ? -1 : IndexOf(i, j => AddressOf(j) != default && BindAddress.Collide(mine, AddressOf(j)));
            if (other >= 0)
                listeners[i].Error("bind", $"{listeners[other].Path} already binds this address; choose another");
            else if (mine.Host is not null && BindAddress.Collide(mine, admin))
                listeners[i].Error("bind", "the admin endpoint already binds this address; choose another, or change admin.bind");
        }
    }

    private BindAddress AddressOf(int listener) =>
        new(snapshot.Listeners[listener].Host, snapshot.Listeners[listener].Port, snapshot.Listeners[listener].UnixPath);

    private static int IndexOf(int end, Func<int, bool> matches)
    {
        for (int i = 0; i < end; i++)
        {
            if (matches(i))
                return i;
        }

        return -1;
    }
}
