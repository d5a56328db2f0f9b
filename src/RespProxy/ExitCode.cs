namespace RespProxy;

/// <summary>What the exit status means; <c>respproxy --help</c> repeats it.</summary>
internal static class ExitCode
{
    /// <summary>Did what was asked; for <c>run</c>: drained after a signal and stopped.</summary>
    public const int Ok = 0;

    /// <summary>Failed in a way nobody foresaw, or a health check found the proxy not ready.</summary>
    public const int Failure = 1;

    /// <summary>The configuration or the command line is wrong; starting again will not help.</summary>
    public const int BadConfiguration = 2;

    /// <summary>An address is in use or not to be had.</summary>
    public const int CannotListen = 3;

    /// <summary>A second SIGINT cut a drain short (128 + 2, as shells report it).</summary>
    public const int Interrupted = 130;

    /// <summary>A second SIGTERM cut a drain short (128 + 15).</summary>
    public const int Terminated = 143;
}
