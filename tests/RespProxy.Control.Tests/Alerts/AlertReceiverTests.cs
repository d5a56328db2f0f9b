using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Configuration;
using RespProxy.Control.Alerts;
using RespProxy.Testing;

namespace RespProxy.Control.Tests.Alerts;

/// <summary>What a receiver is sent, by a clock that only the test moves.</summary>
public sealed class AlertReceiverTests : IAsyncDisposable
{
    private static readonly TimeSpan Repeat = TimeSpan.FromHours(4);

    private readonly PausesTime _time = new();
    private readonly ConcurrentQueue<string> _sent = new();
    private readonly ConcurrentQueue<string> _tried = new();
    private readonly List<AlertReceiver> _receivers = [];
    private readonly List<AlertNotice> _firing = [];
    private volatile AlertDelivery _answer = AlertDelivery.Taken;

    public async ValueTask DisposeAsync()
    {
        foreach (AlertReceiver receiver in _receivers) await receiver.DisposeAsync();
    }

    private AlertReceiver Receiver(string name = "chat", AlertSend? send = null, params int[] levels)
    {
        var snapshot = new AlertReceiverSnapshot { Name = name, Url = new Uri("http://127.0.0.1:1/"), Levels = levels.Length == 0 ? AlertRules.Levels : [.. levels] };
        var receiver = new AlertReceiver(snapshot, Repeat, send ?? SendAsync, _time, NullLogger.Instance);
        _receivers.Add(receiver);
        return receiver;
    }

    private Task<AlertOutcome> SendAsync(IReadOnlyList<AlertNotice> notices, CancellationToken cancellation)
    {
        string text = string.Join(' ', notices.Select(notice => $"{(notice.IsResolved ? "-" : "+")}{notice.Key.First}{notice.Key.Level}"));
        _tried.Enqueue(text);
        if (_answer == AlertDelivery.Taken) _sent.Enqueue(text);
        return Task.FromResult(new AlertOutcome(_answer, "test"));
    }

    private TimeSpan Clock => _time.GetUtcNow() - new FakeTimeProvider().GetUtcNow();

    private static AlertNotice Notice(int level, string tenant = "shop", bool ended = false) =>
        new(new AlertKey(AlertKind.TenantMemory, tenant, "", level), level, level, DateTimeOffset.UnixEpoch, ended ? DateTimeOffset.UnixEpoch : null);

    private void Fire(int level, string tenant = "shop")
    {
        AlertNotice notice = Notice(level, tenant);
        _firing.Add(notice);
        Tell(notice);
    }

    private void End(int level, string tenant = "shop")
    {
        _firing.RemoveAll(notice => notice.Key.Level == level && notice.Key.First == tenant);
        Tell(Notice(level, tenant, ended: true));
    }

    private void Tell(params AlertNotice[] changes)
    {
        foreach (AlertReceiver receiver in _receivers) receiver.Update([.. _firing], changes, Clock);
    }

    private Task SeesAsync(params string[] sent) => Eventually.HoldsAsync($"sent is {string.Join(", ", sent)}, not {string.Join(", ", _sent)}", () => _sent.SequenceEqual(sent));

    private Task TriedAsync(int times) => Eventually.HoldsAsync($"{times} tries, not {_tried.Count}", () => _tried.Count == times);

    /// <summary>Lets the pause that a receiver makes now pass, and waits for the try that follows. How long the pause was.</summary>
    private async Task<TimeSpan> NextTryAsync()
    {
        int before = _tried.Count;
        await Eventually.HoldsAsync("the receiver pauses", () => !_time.Pauses.IsEmpty);
        Assert.True(_time.Pauses.TryDequeue(out TimeSpan pause));
        _time.Advance(pause - TimeSpan.FromMilliseconds(1));
        Assert.Equal(before, _tried.Count);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.HoldsAsync("the next try", () => _tried.Count > before);
        return pause;
    }

    [Fact]
    public async Task A_receiver_is_told_once_when_an_alert_of_its_levels_fires_and_once_when_it_ends()
    {
        AlertReceiver receiver = Receiver("sms", null, 75);
        Fire(60);
        Fire(75);
        await SeesAsync("+shop75");
        Tell();
        End(60);
        End(75);
        await SeesAsync("+shop75", "-shop75");
        Tell();
        Assert.Equal((2, 0, 0), (receiver.Sent, receiver.Failed, receiver.Dropped));
    }

    [Fact]
    public async Task What_goes_on_is_repeated_when_its_time_has_come()
    {
        Receiver();
        Fire(60);
        await SeesAsync("+shop60");
        _time.Advance(Repeat - TimeSpan.FromSeconds(1));
        Tell();
        _time.Advance(TimeSpan.FromSeconds(1));
        Tell();
        Tell();
        await SeesAsync("+shop60", "+shop60");
    }

    [Fact]
    public async Task A_receiver_that_comes_back_is_told_how_things_stand_and_not_how_they_went()
    {
        AlertReceiver receiver = Receiver();
        _answer = AlertDelivery.Failed;
        Fire(60);
        await TriedAsync(1);
        Fire(75);
        Fire(60, "bank");
        End(60);
        Assert.Empty(_sent);
        _answer = AlertDelivery.Taken;
        await NextTryAsync();
        await SeesAsync("-shop60 +bank60", "+shop75");
        Assert.Equal((3, 1, 0), (receiver.Sent, receiver.Failed, receiver.Dropped));
    }

    [Fact]
    public async Task A_dead_receiver_is_tried_later_and_later_up_to_a_minute()
    {
        AlertReceiver receiver = Receiver();
        _answer = AlertDelivery.Failed;
        Fire(60);
        await TriedAsync(1);
        var pauses = new List<TimeSpan>();
        for (int i = 0; i < 8; i++) pauses.Add(await NextTryAsync());
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], pauses.Select(pause => pause.TotalSeconds));
        await Eventually.HoldsAsync("each is counted", () => receiver.Failed == 9);
    }

    [Fact]
    public async Task A_dead_receiver_does_not_hold_up_another()
    {
        var dead = new TaskCompletionSource<AlertOutcome>();
        Receiver("dead", (_, cancellation) => dead.Task.WaitAsync(cancellation));
        Receiver();
        Fire(60);
        await SeesAsync("+shop60");
        End(60);
        await SeesAsync("+shop60", "-shop60");
    }

    [Fact]
    public async Task An_end_that_comes_while_the_beginning_is_being_sent_is_sent_after_it()
    {
        var gate = new TaskCompletionSource();
        Receiver("slow", async (notices, cancellation) =>
        {
            AlertOutcome outcome = await SendAsync(notices, cancellation);
            await gate.Task.WaitAsync(cancellation);
            return outcome;
        });
        Fire(60);
        await TriedAsync(1);
        End(60);
        gate.SetResult();
        await SeesAsync("+shop60", "-shop60");
    }

    [Fact]
    public async Task What_a_receiver_refuses_is_not_sent_again_and_what_fails_unforeseen_is()
    {
        AlertReceiver receiver = Receiver();
        _answer = AlertDelivery.Refused;
        Fire(60);
        await Eventually.HoldsAsync("it is dropped", () => receiver.Dropped == 1);
        _answer = AlertDelivery.Taken;
        Fire(75);
        await SeesAsync("+shop75");

        int calls = 0;
        AlertReceiver broken = Receiver("broken", (notices, cancellation) => Interlocked.Increment(ref calls) == 1 ? throw new InvalidOperationException() : SendAsync(notices, cancellation));
        broken.Update([Notice(85, "bank")], [], Clock);
        await Eventually.HoldsAsync("it failed", () => broken.Failed == 1);
        await NextTryAsync();
        await Eventually.HoldsAsync("it is sent", () => broken.Sent == 1);
    }

    [Fact]
    public async Task An_outbox_holds_so_many_alerts_and_offers_the_rest_again_while_they_go_on()
    {
        AlertReceiver receiver = Receiver();
        _answer = AlertDelivery.Failed;
        for (int i = 0; i < AlertReceiver.MostWaiting + 5; i++) _firing.Add(Notice(60, $"t{i}"));
        Tell();
        Assert.Equal(5, receiver.Dropped);
        await TriedAsync(1);
        _answer = AlertDelivery.Taken;
        await NextTryAsync();
        await Eventually.HoldsAsync("the first thousand", () => receiver.Sent == AlertReceiver.MostWaiting);
        Tell();
        await Eventually.HoldsAsync("all", () => receiver.Sent == AlertReceiver.MostWaiting + 5);
        Assert.All(_sent, batch => Assert.InRange(batch.Split(' ').Length, 1, 100));
    }

    /// <summary>Tells which pauses somebody makes.</summary>
    private sealed class PausesTime : FakeTimeProvider
    {
        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            Pauses.Enqueue(dueTime);
            return timer;
        }
    }
}
