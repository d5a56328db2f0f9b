namespace RespProxy.Verbs.Ctl;

/// <summary>A call of <c>respproxy ctl</c> that came to nothing. The message says what to do, and is all that is shown.</summary>
internal sealed class CtlException(string message, int exitCode = ExitCode.Failure) : Exception(message)
{
    /// <summary>Of the process.</summary>
    public int ExitCode { get; } = exitCode;
}
