using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace RespProxy.LocalCluster;

/// <summary>
/// One real <c>redis-server</c> on a free port of 127.0.0.1: nothing persisted, its log in its own temporary
/// directory, dead when this program is.
/// </summary>
/// <remarks>Operations may be called from any thread, but not two of kill, restart and dispose at once.</remarks>
public sealed class LocalRedis : IAsyncDisposable
{
    /// <summary>A loopback server that hasn't answered a set-up command for this long is not going to.</summary>
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(10);

    private readonly LocalRedisOptions _options;
    private readonly string _executable;
    private readonly string _directory;
    private readonly ScratchDirectory? _ownDirectory;
    private Process? _process;

    private LocalRedis(LocalRedisOptions options, string executable, string parentDirectory, ScratchDirectory? ownDirectory)
    {
        _options = options;
        _executable = executable;
        _ownDirectory = ownDirectory;
        Port = LoopbackPorts.Take();
        _directory = Path.Combine(parentDirectory, Port.ToString(CultureInfo.InvariantCulture));
    }

    public string Host { get; } = "127.0.0.1";

    public int Port { get; }

    /// <summary>The running server's process id.</summary>
    /// <exception cref="InvalidOperationException">It isn't running.</exception>
    public int Pid => _process?.Id ?? throw new InvalidOperationException($"the server on port {Port} is not running");

    /// <summary>False after a kill, or when the server died by itself.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Where the server logs.</summary>
    public string LogPath => Path.Combine(_directory, "redis.log");

    /// <summary>Starts a standalone server and returns when it answers PING.</summary>
    /// <exception cref="LocalClusterException">It isn't installed, or doesn't start; the text says why.</exception>
    public static async Task<LocalRedis> StartAsync(LocalRedisOptions options, CancellationToken cancellationToken = default)
    {
        string executable = RedisServerBinary.Locate(options.RedisServerPath);
        var directory = new ScratchDirectory();
        return await StartAsync(options, executable, directory.Path, [], directory, cancellationToken).ConfigureAwait(false);
    }

    internal static async Task<LocalRedis> StartAsync(
        LocalRedisOptions options,
        string executable,
        string parentDirectory,
        IReadOnlyList<string> settings,
        ScratchDirectory? ownDirectory,
        CancellationToken cancellationToken)
    {
        // Another program may bind a port between our look and the server's: then the next one is tried.
        const int Attempts = 5;
        for (int attempt = 1; ; attempt++)
        {
            var server = new LocalRedis(options, executable, parentDirectory, ownDirectory);
            try
            {
                server.WriteConfiguration(settings);
                await server.LaunchAsync(cancellationToken).ConfigureAwait(false);
                return server;
            }
            catch (LocalClusterException) when (attempt < Attempts && server.PortWasTaken())
            {
                await server.StopAsync(removeDirectory: false).ConfigureAwait(false);
            }
            catch
            {
                await server.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Sends one command on a connection of its own. An error reply is returned, not thrown.</summary>
    /// <exception cref="LocalClusterException">The server is gone, or silent for 10 seconds.</exception>
    public Task<RedisReply> CommandAsync(params string[] arguments) => CommandAsync(arguments, CancellationToken.None);

    /// <inheritdoc cref="CommandAsync(string[])"/>
    public async Task<RedisReply> CommandAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(CommandTimeout);
        try
        {
            using RespLink link = await RespLink.ConnectAsync(Host, Port, _options, bound.Token).ConfigureAwait(false);
            return await link.CommandAsync(arguments, bound.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new LocalClusterException($"{Host}:{Port} did not answer {arguments[0]}: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LocalClusterException($"{Host}:{Port} did not answer {arguments[0]} within {CommandTimeout.TotalSeconds:0} s", e);
        }
    }

    /// <summary>Kills the server with SIGKILL, and returns when it is gone. What it held is lost.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        process.Kill();
        await process.WaitForExitAsync().ConfigureAwait(false);
        process.Dispose();
        _process = null;
    }

    /// <summary>Stops the server with SIGSTOP: its sockets stay open, nothing answers.</summary>
    public void Suspend() => ChildProcesses.Signal(Pid, ChildProcesses.SignalStop);

    /// <summary>Continues a suspended server with SIGCONT.</summary>
    public void Resume() => ChildProcesses.Signal(Pid, ChildProcesses.SignalContinue);

    /// <summary>Kills the server if it runs, and starts it on the same port, empty, returning when it answers PING.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await KillAsync().ConfigureAwait(false);
        await LaunchAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(removeDirectory: true).ConfigureAwait(false);
    }

    private async Task StopAsync(bool removeDirectory)
    {
        await KillAsync().ConfigureAwait(false);
        LoopbackPorts.Return(Port);
        if (removeDirectory)
            _ownDirectory?.Dispose();
    }

    private void WriteConfiguration(IReadOnlyList<string> settings)
    {
        Directory.CreateDirectory(_directory);
        List<string> lines =
        [
            $"bind {Host}",
            $"port {Port.ToString(CultureInfo.InvariantCulture)}",
            $"dir {Quote(_directory)}",
            $"logfile {Quote(LogPath)}",
            "daemonize no",
            "save \"\"",
            "appendonly no",
            "repl-diskless-sync yes",
            "repl-diskless-sync-delay 0",
            "tcp-keepalive 60",
            .. settings,
            .. Credentials(),
        ];
        File.WriteAllLines(Path.Combine(_directory, "redis.conf"), lines);
    }

    private IEnumerable<string> Credentials()
    {
        if (_options.Password is not { } password)
            return [];
        if (_options.Username is not { } user)
            return [$"requirepass {Quote(password)}", $"masterauth {Quote(password)}"];
        return [$"user {user} on {Quote(">" + password)} ~* &* +@all", "user default off", $"masteruser {user}", $"masterauth {Quote(password)}"];
    }

    /// <summary>A quoted argument of redis.conf, anything but letters and digits as \xHH.</summary>
    private static string Quote(string value) =>
        $"\"{string.Concat(Encoding.UTF8.GetBytes(value).Select(b => char.IsAsciiLetterOrDigit((char)b) ? $"{(char)b}" : $"\\x{b:x2}"))}\"";

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        string[] arguments = [Path.Combine(_directory, "redis.conf"), .. _options.ExtraArguments];
        _process = await ChildProcesses.StartAsync(_executable, arguments, _directory).ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_process.HasExited)
                throw new LocalClusterException($"{_executable} exited with code {_process.ExitCode} at start: {await ComplaintAsync().ConfigureAwait(false)}");
            if (Stopwatch.GetElapsedTime(started) > _options.StartTimeout)
                throw new LocalClusterException($"{_executable} on port {Port} did not answer within {_options.StartTimeout.TotalSeconds:0} s: {await ComplaintAsync().ConfigureAwait(false)}");
            await Task.Delay(PollPeriod, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using RespLink link = await RespLink.ConnectAsync(Host, Port, _options, cancellationToken).ConfigureAwait(false);
            return !(await link.CommandAsync(["PING"], cancellationToken).ConfigureAwait(false)).IsError;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    /// <summary>What the server itself said about its trouble: the end of its log, or else its standard error.</summary>
    private async Task<string> ComplaintAsync()
    {
        if (File.Exists(LogPath))
            return string.Join(" | ", (await File.ReadAllLinesAsync(LogPath).ConfigureAwait(false)).TakeLast(5));
        return _process is { HasExited: true } exited
            ? (await exited.StandardError.ReadToEndAsync().ConfigureAwait(false)).Trim()
            : "it wrote no log";
    }

    private bool PortWasTaken() => File.Exists(LogPath) && File.ReadAllText(LogPath).Contains("already in use", StringComparison.OrdinalIgnoreCase);
}
