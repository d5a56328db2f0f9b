namespace RespProxy.Transport.Core;

/// <summary>The loop's running counts, as fields: written by one thread, read by others through volatile reads.</summary>
internal sealed class LoopTally
{
    public long Turns;
    public long Receives;
    public long Sends;
    public long InterestChanges;
    public long BytesReceived;
    public long BytesSent;
    public long Accepted;
    public long AcceptFailures;
}
