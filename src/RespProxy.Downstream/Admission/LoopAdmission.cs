using System.Buffers;
using RespProxy.Downstream.Accounting;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;

namespace RespProxy.Downstream.Admission;

/// <summary>What the sessions of one loop share for admission: scratch space. Loop thread only.</summary>
internal sealed class LoopAdmission(LoopAccounting accounting)
{
    private readonly ArrayBufferWriter<byte> _text = new();
    private uint _turn = uint.MaxValue;
    private long _now;

    public AdmissionScratch Scratch { get; } = new() { Loop = accounting.Loop };

    /// <summary>The time of this turn: what a loop found in one turn came at one time, and a look at the clock costs as much as a decision.</summary>
    public long NowBy(AdmissionClock clock)
    {
        if (_turn == accounting.Turn) return _now;
        _turn = accounting.Turn;
        return _now = clock.Now;
    }

    /// <summary>The error of a command on a denylist, until the next text is asked for.</summary>
    public ReadOnlySpan<byte> TextOf(DenialRule denial, CommandSpec spec)
    {
        _text.ResetWrittenCount();
        _text.Write(denial.RefusalStart.Span);
        Span<byte> name = _text.GetSpan(spec.Name.Length);
        for (int i = 0; i < spec.Name.Length; i++) name[i] = (byte)char.ToLowerInvariant(spec.Name[i]);
        _text.Advance(spec.Name.Length);
        _text.Write(denial.RefusalEnd.Span);
        return _text.WrittenSpan;
    }

    /// <summary>The error of a command beyond a rate, until the next text is asked for.</summary>
    public ReadOnlySpan<byte> TextOf(RateRule rate, long wait)
    {
        _text.ResetWrittenCount();
        _text.Write(rate.RefusalStart);
        _text.Advance(RespNumber.Write(_text.GetSpan(24), (int)AdmissionClock.ToMilliseconds(wait)));
        _text.Write(" ms"u8);
        return _text.WrittenSpan;
    }
}
