using RespProxy.Configuration;

namespace RespProxy.Verbs;

/// <summary>A loaded configuration told to a person: all its errors, or what it amounts to.</summary>
internal static class ConfigurationReport
{
    public static int Errors(ConfigurationResult result)
    {
        foreach (ConfigurationError error in result.Errors)
            Console.Error.WriteLine(error);
        Console.Error.WriteLine(result.Errors.Length == 1 ? "1 error in the configuration" : $"{result.Errors.Length} errors in the configuration");
        return ExitCode.BadConfiguration;
    }

    public static void Summary(ProxySnapshot snapshot, TextWriter output)
    {
        output.WriteLine("The configuration is valid.");
        foreach (UpstreamSnapshot upstream in snapshot.Upstreams)
            output.WriteLine($"  upstream {upstream.Name}: {(upstream.Mode == UpstreamMode.Cluster ? "cluster" : "standalone")}, {string.Join(' ', upstream.Seeds)}");
        foreach (ListenerSnapshot listener in snapshot.Listeners)
        {
            string address = listener.UnixPath ?? new NodeAddress(listener.Host!, listener.Port).ToString();
            output.WriteLine($"  listener {address}: {(listener.Tenant is { } tenant ? $"tenant {tenant}" : "clients authenticate")}");
        }

        foreach (TenantSnapshot tenant in snapshot.Tenants)
        {
            output.WriteLine(
                $"  tenant {tenant.Name}: keys {KeysOf(tenant)}, placement {tenant.Placement.ToString().ToLowerInvariant()}, databases: {tenant.Databases}, upstream {tenant.Upstream}, passwords: {tenant.PasswordHashes.Length}");
        }

        output.WriteLine($"  admin: {(snapshot.Admin.Enabled ? new NodeAddress(snapshot.Admin.Host, snapshot.Admin.Port).ToString() : "off")}");
    }

    /// <summary>What the keys of database 0 begin with.</summary>
    private static string KeysOf(TenantSnapshot tenant) => tenant.Placement switch
    {
        KeyPlacement.Tagged => $"{{{tenant.Namespace}:*",
        KeyPlacement.Pinned => $"{{{tenant.Namespace}}}:*",
        _ => $"{tenant.Namespace}:*",
    };
}
