using System.Diagnostics;
using System.Runtime.CompilerServices;
using RespProxy.Tenancy.Accounting;
using RespProxy.Transport;

namespace RespProxy.Downstream.Accounting;

/// <summary>
/// The latencies of one loop's calls, from two looks at the clock per turn: at its start and after everything was sent.
///
/// <para>What is measured. A call begins with the turn in which the loop has the request whole and first tries to run it (a request that must wait for its turn, at
/// its tenant's rate or for order, began before its wait); it is sent at that turn's end, or the end of its wait's; its reply is there with the turn that reads it;
/// it ends when that turn has sent everything. Upstream is the time from sent to there, redirects and retries included; added is all the
/// rest; together they are the whole time. Each border is known to a turn: what the system holds while the loop is busy with an earlier turn is not seen
/// of a request and counts as the node's of a reply.</para>
///
/// <para>Calls that began in the same turn and are answered in the same turn differ in nothing, so a turn keeps them as runs, and a
/// run is looked up in the histograms once. A pipeline costs next to nothing.</para>
///
/// Loop thread only.
/// </summary>
internal sealed class LoopAccounting
{
    /// <summary>
    /// Turns whose ends are remembered, 32 KB; a power of two. A busy turn takes 10 us and more: within 40 ms at the least. Of a call that waits longer, what the proxy
    /// added before it was sent has become a small part of the whole, and counts as upstream.
    /// </summary>
    private const int Remembered = 4096;

    private readonly EventLoop _events;
    private readonly LoopUsage _usage;
    private readonly long[] _ends = new long[Remembered];
    private Run[] _runs = new Run[64];
    private int _count;

    public LoopAccounting(EventLoop events, UsageLedger ledger)
    {
        _events = events;
        _usage = ledger.AddLoop();
        Ledger = ledger;
        events.TurnEnded += EndTurn;
    }

    /// <summary>The sums of all loops. Any thread.</summary>
    public UsageLedger Ledger { get; }

    /// <summary>The loop's number, from 0.</summary>
    public int Loop => _events.Index;

    /// <summary>How long the loop was at work, turn by turn. Any thread.</summary>
    public TurnTimes TurnTimes { get; } = new();

    /// <summary>The number of this turn; wraps around.</summary>
    public uint Turn { get; private set; }

    /// <summary>When this turn began, in Stopwatch ticks.</summary>
    public long Now => _events.Now;

    /// <summary>The usage of a tenant's clients on this loop; null: of clients that have not authenticated.</summary>
    public TenantUsage Of(string? tenant) => _usage.Of(tenant ?? UsageReport.Nobody);

    /// <summary>There is no tenant of that name any more, and none of its clients.</summary>
    public void Forget(string tenant) => _usage.Forget(tenant);

    /// <summary>A call was answered in this turn.</summary>
    /// <param name="usage">Its tenant's and command's.</param>
    /// <param name="from">When it began, in Stopwatch ticks.</param>
    /// <param name="sentIn">The turn it was sent in; this one, when no node was asked.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Answered(CommandUsage usage, long from, uint sentIn)
    {
        int last = _count - 1;
        Run[] runs = _runs;
        if ((uint)last < (uint)runs.Length)
        {
            ref Run run = ref runs[last];
            if (run.Usage == usage && run.From == from && run.SentIn == sentIn)
            {
                run.Calls++;
                return;
            }
        }

        Begin(usage, from, sentIn);
    }

    private void Begin(CommandUsage usage, long from, uint sentIn)
    {
        if (_count == _runs.Length) Array.Resize(ref _runs, _count * 2);
        _runs[_count++] = new Run { Usage = usage, From = from, SentIn = sentIn, Calls = 1 };
    }

    /// <summary>Everything was sent.</summary>
    private void EndTurn()
    {
        long end = Stopwatch.GetTimestamp();
        _ends[Turn % Remembered] = end;
        foreach (ref readonly Run run in _runs.AsSpan(0, _count)) Settle(run, end);
        _count = 0;
        Turn++;
        TurnTimes.Add(end - _events.Now);
    }

    private void Settle(in Run run, long end)
    {
        long whole = end - run.From;
        long upstream = 0;
        if (run.SentIn != Turn)
        {
            long sent = Turn - run.SentIn < Remembered ? _ends[run.SentIn % Remembered] : run.From;
            upstream = _events.Now - sent;
            run.Usage.AddUpstream(upstream, run.Calls);
        }

        run.Usage.Added.Add(whole - upstream, run.Calls);
    }

    /// <summary>Calls of one tenant and command with the same times.</summary>
    private struct Run
    {
        public CommandUsage Usage;
        public long From;
        public long Calls;
        public uint SentIn;
    }
}
