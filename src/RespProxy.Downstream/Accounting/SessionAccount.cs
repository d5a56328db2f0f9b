using System.Numerics;
using System.Runtime.CompilerServices;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Downstream.Accounting;

/// <summary>
/// Counts one client's calls for its tenant. Each counts once: when the request is taken, whatever becomes of it; and its reply when that is
/// settled, whoever gives it, since every reply passes the line of replies. What a call was is found again by its reply's number. Replies that
/// come when a client is gone are not counted. AUTH, HELLO and RESET count for whom they make the client.
///
/// Loop thread only.
/// </summary>
internal sealed class SessionAccount(LoopAccounting loop)
{
    /// <summary>No command: what is sent then was pushed.</summary>
    private const int None = -1;

    private TenantUsage _tenant = null!; // set by the session's constructor: Enter
    private Call[] _calls = []; // ring by number; a power of two, and no shorter than what is pending
    private int _command = None;
    private long _offeredAt; // the request at hand, if it could not run at once; 0 otherwise

    /// <summary>The command of the request at hand, or of the last one. Null before the first, and for what no Redis knows. May be read from any thread.</summary>
    public CommandSpec? Command => (uint)_command < (uint)CommandTable.All.Count ? CommandTable.All[_command] : null;

    /// <summary>Where the request at hand is counted.</summary>
    public CommandUsage Usage => _tenant.Of(_command);

    /// <summary>The client is the tenant's from now on, or nobody's (null).</summary>
    public void Enter(string? tenant) => _tenant = loop.Of(tenant);

    /// <summary>A request is offered; null: no Redis knows its command.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offer(CommandSpec? command) => _command = command?.Index ?? TenantUsage.Unknown;

    /// <summary>The request at hand must wait, and is offered again.</summary>
    public void Hold()
    {
        if (_offeredAt == 0) _offeredAt = loop.Now;
    }

    /// <summary>The request at hand, so many bytes, has been refused, answered, queued or sent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(int length)
    {
        CommandUsage usage = Usage;
        usage.Calls++;
        usage.RequestBytes += length;
        _offeredAt = 0;
    }

    /// <summary>What comes cannot be told apart into requests: what is sent now answers none.</summary>
    public void TakeNothing() => _command = None;

    /// <summary>The reply of the request at hand has this number. So many are pending with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Expect(uint number, int pending) => Expect(number, pending, _command);

    /// <summary>What has this number answers no request.</summary>
    public void ExpectPush(uint number, int pending) => Expect(number, pending, None);

    /// <summary>The reply with this number is there, as the client gets it; nothing when it is kept from the client.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle(uint number, ReadOnlySpan<byte> reply)
    {
        ref Call call = ref PlaceOf(_calls, number);
        if (call.Command == None) Push(reply);
        else Count(_tenant.Of(call.Command), call.From, call.SentIn, reply);
    }

    /// <summary>The reply with this number, which is no error, was so many bytes.</summary>
    public void Settle(uint number, long length)
    {
        ref Call call = ref PlaceOf(_calls, number);
        CommandUsage usage = _tenant.Of(call.Command);
        usage.ReplyBytes += length;
        loop.Answered(usage, call.From, call.SentIn);
    }

    /// <summary>The request at hand is answered at once, without a number.</summary>
    public void Settle(ReadOnlySpan<byte> reply)
    {
        if (_command == None) Push(reply);
        else Count(Usage, From, loop.Turn, reply);
    }

    /// <summary>The reply with this number is there, and its client does not want it: only whether it is an error counts. To be settled with nothing.</summary>
    public void Swallow(uint number, ReadOnlySpan<byte> reply)
    {
        int command = PlaceOf(_calls, number).Command;
        if (command != None && IsError(reply)) _tenant.Of(command).Errors++;
    }

    /// <summary>Something was sent that answers no request.</summary>
    public void Push(ReadOnlySpan<byte> push)
    {
        _tenant.Pushes++;
        _tenant.PushedBytes += push.Length;
    }

    /// <summary>A command that was queued in a transaction has replied, within EXEC's reply.</summary>
    public void SettleQueued(CommandSpec command, ReadOnlySpan<byte> element)
    {
        if (IsError(element)) _tenant.Of(command.Index).Errors++;
    }

    /// <summary>The request at hand is answered at once, and the client does not want to hear it (CLIENT REPLY).</summary>
    public void SettleSilently(ReadOnlySpan<byte> reply)
    {
        Settle(default);
        if (_command != None && IsError(reply)) Usage.Errors++;
    }

    private long From => _offeredAt != 0 ? _offeredAt : loop.Now;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(CommandUsage usage, long from, uint sentIn, ReadOnlySpan<byte> reply)
    {
        usage.ReplyBytes += reply.Length;
        if (IsError(reply)) usage.Errors++;
        loop.Answered(usage, from, sentIn);
    }

    /// <summary>A simple error, or a bulk error of RESP3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsError(ReadOnlySpan<byte> reply) => !reply.IsEmpty && reply[0] is (byte)'-' or (byte)'!';

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Expect(uint number, int pending, int command)
    {
        if (pending > _calls.Length) Grow(number, pending);
        ref Call call = ref PlaceOf(_calls, number);
        call.From = From;
        call.SentIn = loop.Turn;
        call.Command = command;
    }

    private static ref Call PlaceOf(Call[] ring, uint number) => ref ring[number & (uint)(ring.Length - 1)];

    private void Grow(uint newest, int pending)
    {
        var larger = new Call[Math.Max(4, BitOperations.RoundUpToPowerOf2((uint)pending))];
        for (uint number = newest - (uint)_calls.Length; number != newest; number++) PlaceOf(larger, number) = PlaceOf(_calls, number);
        _calls = larger;
    }

    /// <summary>A request whose reply is pending.</summary>
    private struct Call
    {
        public long From;
        public uint SentIn;
        public int Command;
    }
}
