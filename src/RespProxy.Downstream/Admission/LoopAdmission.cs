using System.Buffers;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;

namespace RespProxy.Downstream.Admission;

/// <summary>What the sessions of one loop share for admission: scratch space. Loop thread only.</summary>
internal sealed class LoopAdmission
{
    private readonly ArrayBufferWriter<byte> _text = new();

    public AdmissionScratch Scratch { get; } = new();

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
