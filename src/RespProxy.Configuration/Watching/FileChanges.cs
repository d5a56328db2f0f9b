using System.IO.Hashing;

namespace RespProxy.Configuration.Watching;

/// <summary>
/// Notices that a file's content has changed, however that was done: written in place, replaced, or behind a symbolic link that now leads elsewhere (a Kubernetes ConfigMap
/// swaps the link of a directory above it). The system's notifications make it quick, looking at the content from time to time makes it certain: notifications are
/// lost on network file systems, and where their number is bounded. One waiter at a time.
/// </summary>
/// <param name="path">The file. It may come and go.</param>
/// <param name="time">For the intervals.</param>
public sealed class FileChanges(string path, TimeProvider time) : IDisposable
{
    /// <summary>How often the content is looked at without a notification.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    /// <summary>A content that stays the same for this long is whole: a writer that truncates first is not caught half-way.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The content is looked at no more often than this, however many notifications come: they are for the whole directory, and a log or a dump that is
    /// written beside the file brings thousands a second.
    /// </summary>
    internal static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _hint = new(0);
    private readonly string _path = Path.GetFullPath(path);
    private readonly FileSystemWatcher? _watcher = Watch(Path.GetDirectoryName(Path.GetFullPath(path))!);
    private UInt128? _seen = ContentOf(Path.GetFullPath(path));
    private bool _isListening;
    private int _looks;

    /// <summary>How often the content has been looked at. Any thread.</summary>
    internal int Looks => Volatile.Read(ref _looks);

    /// <summary>Completes when the content is another one than at the last time, or than when this was made.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        Listen();
        while (true)
        {
            UInt128? now = ContentOf(_path);
            Interlocked.Increment(ref _looks);
            if (now != _seen)
            {
                _seen = await SettleAsync(now, cancellation).ConfigureAwait(false);
                return;
            }

            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(_hint.WaitAsync(wait.Token), Task.Delay(PollInterval, time, wait.Token)).ConfigureAwait(false);
            await wait.CancelAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            await Task.Delay(LookInterval, time, cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _watcher?.Dispose();
        _hint.Dispose();
    }

    private async Task<UInt128?> SettleAsync(UInt128? content, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(SettleTime, time, cancellation).ConfigureAwait(false);
            UInt128? now = ContentOf(_path);
            if (now == content) return content;
            content = now;
        }
    }

    private void Listen()
    {
        if (_watcher is null || _isListening) return;
        _isListening = true;
        _watcher.Created += (_, _) => Hint();
        _watcher.Changed += (_, _) => Hint();
        _watcher.Renamed += (_, _) => Hint();
        _watcher.Deleted += (_, _) => Hint();
        try
        {
            _watcher.EnableRaisingEvents = true;
        }
        catch (IOException)
        {
            // The system gives no more watches (inotify's max_user_instances): the content is looked at all the same.
        }
    }

    private void Hint()
    {
        try
        {
            if (_hint.CurrentCount == 0) _hint.Release();
        }
        catch (ObjectDisposedException)
        {
            // The last notification came while the watch was being given up.
        }
    }

    private static FileSystemWatcher? Watch(string directory)
    {
        try
        {
            // The whole directory: what a ConfigMap swaps is a link beside the file.
            return new FileSystemWatcher(directory) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite };
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    /// <summary>128 bits of the content, to tell changes, not forgeries; null when the file cannot be read.</summary>
    private static UInt128? ContentOf(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            var hash = new XxHash128();
            hash.Append(stream);
            return hash.GetCurrentHashAsUInt128();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
