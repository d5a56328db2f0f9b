using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Hosting;

namespace RespProxy.Tests.Hosting;

public class MappedPagesTests
{
    [Fact]
    public void Only_mappings_of_files_that_are_not_written_and_have_no_pages_of_their_own_are_found()
    {
        HashSet<(ulong Start, ulong End)> found = MappedPages.Find();

        Dictionary<(ulong, ulong), SmapsEntry> all = SmapsEntry.ReadAll();
        SmapsEntry[] stillThere = [.. found.Where(all.ContainsKey).Select(mapping => all[mapping])];
        Assert.Contains(stillThere, mapping => mapping.Path.Contains("libc.so", StringComparison.Ordinal) && mapping.Access == "r-xp");
        Assert.All(stillThere, mapping =>
        {
            Assert.StartsWith("r-", mapping.Access, StringComparison.Ordinal);
            Assert.StartsWith("/", mapping.Path, StringComparison.Ordinal);
            Assert.DoesNotContain("memfd", mapping.Path, StringComparison.Ordinal);
            Assert.Equal((0, 0), (mapping.AnonymousKiB, mapping.SwapKiB));
        });
        // What the loader has relocated is read-only and a file's, and would be lost.
        SmapsEntry[] relocated = [.. all.Where(mapping => mapping.Value is { Access: "r--p", AnonymousKiB: > 0 } entry && entry.Path.StartsWith('/')).Select(mapping => mapping.Value)];
        Assert.NotEmpty(relocated);
        Assert.DoesNotContain(relocated, stillThere.Contains);
    }

    [Fact]
    public void What_is_released_is_resident_no_more_and_goes_on_working()
    {
        HashSet<(ulong Start, ulong End)> mappings = MappedPages.Find();
        mappings.IntersectWith(MappedPages.Find());
        long before = ResidentFileKiB();

        int released = MappedPages.Release(mappings);
        MappedPages.ReleaseFreed();

        Assert.Equal(mappings.Count, released);
        Assert.InRange(ResidentFileKiB(), 1, before - 1);
        Assert.Equal("1.5", 1.5.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_proxy_trims_three_times_after_its_start_and_then_no_more()
    {
        var time = new FakeTimeProvider();
        var log = new SeenEvents();
        using var trim = new StartTrim(time, log);
        await trim.StartAsync(TestContext.Current.CancellationToken);

        // Each step is at least as long as one of its waits, and comes too early now and then: there are more of them than waits.
        for (int step = 0; step < 1000 && !trim.ExecuteTask!.IsCompleted; step++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.WhenAny(trim.ExecuteTask, Task.Delay(TimeSpan.FromMilliseconds(10), TestContext.Current.CancellationToken));
        }

        Assert.True(trim.ExecuteTask!.IsCompletedSuccessfully);
        Assert.Equal([1006, 1006, 1006], log.Ids);
    }

    private static long ResidentFileKiB() => Number(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("RssFile:", StringComparison.Ordinal)));

    private static long Number(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);

    private sealed record SmapsEntry(string Access, string Path, long AnonymousKiB, long SwapKiB)
    {
        public static Dictionary<(ulong, ulong), SmapsEntry> ReadAll()
        {
            var all = new Dictionary<(ulong, ulong), SmapsEntry>();
            (ulong, ulong) key = default;
            foreach (string line in File.ReadAllLines("/proc/self/smaps"))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (!words[0].EndsWith(':'))
                {
                    ulong[] ends = [.. words[0].Split('-').Select(text => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
                    all[key = (ends[0], ends[1])] = new SmapsEntry(words[1], words.Length > 5 ? words[5] : "", 0, 0);
                }
                else if (words[0] is "Anonymous:")
                {
                    all[key] = all[key] with { AnonymousKiB = Number(line) };
                }
                else if (words[0] is "Swap:")
                {
                    all[key] = all[key] with { SwapKiB = Number(line) };
                }
            }

            return all;
        }
    }

    private sealed class SeenEvents : ILogger
    {
        public ConcurrentQueue<int> Ids { get; } = [];

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Ids.Enqueue(eventId.Id);

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
