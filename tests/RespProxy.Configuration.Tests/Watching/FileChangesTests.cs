using System.Diagnostics;
using RespProxy.Configuration.Watching;

namespace RespProxy.Configuration.Tests.Watching;

public sealed class FileChangesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("respproxy-watch-").FullName;

    private string File => Path.Combine(_directory, "respproxy.yaml");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_file_written_in_place_is_noticed_when_its_content_is_another_one()
    {
        Write(File, "one");
        using var changes = new FileChanges(File, TimeProvider.System);
        Task change = WaitAsync(changes);
        Write(File, "one");
        Assert.False(change.IsCompleted);
        Write(File, "two");
        await change;
    }

    [Fact]
    public async Task A_file_replaced_by_renaming_another_over_it_is_noticed()
    {
        Write(File, "one");
        using var changes = new FileChanges(File, TimeProvider.System);
        Task change = WaitAsync(changes);
        Write(File + ".new", "two");
        System.IO.File.Move(File + ".new", File, overwrite: true);
        await change;
    }

    [Fact]
    public async Task A_link_swapped_as_a_ConfigMap_does_it_is_noticed_each_time()
    {
        // What the kubelet makes: respproxy.yaml -> ..data/respproxy.yaml, ..data -> ..1, and an update renames a new link over ..data.
        Revision(1);
        Directory.CreateSymbolicLink(Path.Combine(_directory, "..data"), "..1");
        System.IO.File.CreateSymbolicLink(File, "..data/respproxy.yaml");
        using var changes = new FileChanges(File, TimeProvider.System);
        for (int revision = 2; revision < 5; revision++)
        {
            Task change = WaitAsync(changes);
            Revision(revision);
            Directory.CreateSymbolicLink(Path.Combine(_directory, "..data_tmp"), $"..{revision}");
            // The framework moves no link that leads to a directory.
            using (Process rename = Process.Start("mv", ["-T", Path.Combine(_directory, "..data_tmp"), Path.Combine(_directory, "..data")]))
                await rename.WaitForExitAsync(TestContext.Current.CancellationToken);
            await change;
        }
    }

    [Fact]
    public async Task A_change_made_while_nobody_waited_is_noticed_at_once_and_only_once()
    {
        Write(File, "one");
        using var changes = new FileChanges(File, TimeProvider.System);
        Write(File, "two");
        await WaitAsync(changes);

        using var stop = new CancellationTokenSource();
        Task again = changes.WaitAsync(stop.Token);
        Assert.False(again.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => again);
    }

    [Fact]
    public async Task A_file_that_goes_and_comes_back_changed_is_noticed()
    {
        Write(File, "one");
        using var changes = new FileChanges(File, TimeProvider.System);
        System.IO.File.Delete(File);
        await WaitAsync(changes);
        Task change = WaitAsync(changes);
        Write(File, "two");
        await change;
    }

    [Fact]
    public async Task A_file_that_is_written_all_the_time_beside_it_makes_it_looked_at_ten_times_a_second_at_most()
    {
        Write(File, "one");
        using var changes = new FileChanges(File, TimeProvider.System);
        long start = Stopwatch.GetTimestamp();
        Task change = WaitAsync(changes);
        while (changes.Looks < 4) Write(Path.Combine(_directory, "busy.log"), "more");
        Assert.InRange(changes.Looks, 4, 2 + (Stopwatch.GetElapsedTime(start) / FileChanges.LookInterval));
        Write(File, "two");
        await change;
    }

    private static Task WaitAsync(FileChanges changes) => changes.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20));

    private static void Write(string path, string content) => System.IO.File.WriteAllText(path, content);

    private void Revision(int number)
    {
        string directory = Directory.CreateDirectory(Path.Combine(_directory, $"..{number}")).FullName;
        Write(Path.Combine(directory, "respproxy.yaml"), $"revision {number}");
    }
}
