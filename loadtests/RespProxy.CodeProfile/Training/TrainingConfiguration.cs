using System.Net;
using System.Net.Sockets;

namespace RespProxy.CodeProfile.Training;

/// <summary>A proxy with what is commonly used: a sidecar's tenant before a cluster, and one with a password before a single server.</summary>
/// <param name="cluster">A node's port.</param>
/// <param name="single">The single server's.</param>
internal sealed class TrainingConfiguration(int cluster, int single)
{
    public int ClusterPort { get; } = FreePort();

    public int SinglePort { get; } = FreePort();

    public int AdminPort { get; } = FreePort();

    public string Text => $$"""
        upstreams:
          - name: main
            seeds: ["127.0.0.1:{{cluster}}"]
          - name: other
            mode: standalone
            seeds: ["127.0.0.1:{{single}}"]
        listeners:
          - name: sidecar
            bind: tcp://127.0.0.1:{{ClusterPort}}
            tenant: shop
          - name: shared
            bind: tcp://127.0.0.1:{{SinglePort}}
        tenants:
          - name: shop
            upstream: main
          - name: single
            upstream: other
            passwords: [secret]
        admin:
          bind: 127.0.0.1:{{AdminPort}}

        """;

    public string AdminUrl(string scheme) => $"{scheme}://127.0.0.1:{AdminPort}";

    public string SecureText(string certificate, string key) => $$"""
        {{Text}}  tls: {certificate: {{certificate}}, key: {{key}}}
        log:
          format: json

        """;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
