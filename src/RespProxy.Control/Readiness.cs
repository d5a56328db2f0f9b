using RespProxy.Downstream;

namespace RespProxy.Control;

/// <summary>The answer of /readyz: whether new clients should come here, and why not.</summary>
/// <param name="IsReady">200 or 503.</param>
/// <param name="Reason">One line for a person.</param>
public readonly record struct Readiness(bool IsReady, string Reason)
{
    private static readonly Readiness Starting = new(false, "starting: not every upstream's topology is known yet");

    /// <summary>Ready only in the state of that name; a drain is not ready from its first moment, while in-flight requests go on.</summary>
    public static Readiness Of(ProxyStatus status, bool isReady) => status switch
    {
        ProxyStatus.Draining => new(false, "draining: finishing requests in flight, taking no new clients"),
        ProxyStatus.Stopped => new(false, "stopped"),
        ProxyStatus.Ready when isReady => new(true, "ready"),
        _ => Starting,
    };

    /// <summary>The answer of /startupz: the start is over, whatever came afterwards.</summary>
    public static Readiness OfStart(ProxyStatus status) => status == ProxyStatus.Starting ? Starting : new(true, "started");
}
