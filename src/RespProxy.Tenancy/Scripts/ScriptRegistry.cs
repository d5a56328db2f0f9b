using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace RespProxy.Tenancy.Scripts;

/// <summary>
/// The scripts a tenant has run or loaded, with their sources. The nodes' caches are everybody's; this one tells what is the tenant's, and
/// gives the source back when a node has lost the script. Any thread; finding takes no lock.
///
/// <para>Bounded: when full, an eighth goes, what was merely run with EVAL before what was loaded with SCRIPT LOAD, the least recently
/// used first. A client is then told NOSCRIPT, as after a restart of Redis, and sends the source again.</para>
/// </summary>
/// <param name="maxScripts">Most scripts kept.</param>
/// <param name="maxBytes">Most bytes of source kept.</param>
public sealed class ScriptRegistry(int maxScripts = ScriptRegistry.MaxScripts, long maxBytes = ScriptRegistry.MaxBytes)
{
    /// <summary>Applications have tens of scripts; Redis 7.4 itself keeps 500 that came with EVAL.</summary>
    public const int MaxScripts = 2048;

    public const long MaxBytes = 16L * 1024 * 1024;

    private readonly ConcurrentDictionary<ScriptDigest, KeptScript> _scripts = new();
    private readonly Lock _changing = new();
    private long _bytes;

    public int Count => _scripts.Count;

    public bool TryGet(ScriptDigest digest, [NotNullWhen(true)] out KeptScript? script)
    {
        if (!_scripts.TryGetValue(digest, out script)) return false;
        script.LastUsed = Environment.TickCount64;
        return true;
    }

    /// <summary>Keeps a script. One larger than the whole bound is not kept: it still runs, but only by its source.</summary>
    public void Add(ScriptDigest digest, ReadOnlySpan<byte> source, bool isLoaded)
    {
        if (source.Length > maxBytes) return;
        lock (_changing)
        {
            if (_scripts.TryGetValue(digest, out KeptScript? known))
            {
                known.IsLoaded |= isLoaded;
                known.LastUsed = Environment.TickCount64;
                return;
            }

            if (_scripts.Count >= maxScripts || _bytes + source.Length > maxBytes) MakeRoom(source.Length);
            _scripts[digest] = new KeptScript(digest, source.ToArray()) { IsLoaded = isLoaded, LastUsed = Environment.TickCount64 };
            _bytes += source.Length;
        }
    }

    /// <summary>SCRIPT FLUSH.</summary>
    public void Clear()
    {
        lock (_changing)
        {
            _scripts.Clear();
            _bytes = 0;
        }
    }

    private void MakeRoom(int size)
    {
        int mostScripts = maxScripts - Math.Max(1, maxScripts / 8);
        long mostBytes = Math.Max(0, Math.Min(maxBytes - (maxBytes / 8), maxBytes - size));
        foreach (KeptScript script in _scripts.Values.OrderBy(script => script.IsLoaded).ThenBy(script => script.LastUsed).ToArray())
        {
            if (_scripts.Count <= mostScripts && _bytes <= mostBytes) return;
            if (_scripts.TryRemove(script.Digest, out _)) _bytes -= script.Source.Length;
        }
    }
}

/// <summary>A script of a tenant.</summary>
public sealed class KeptScript(ScriptDigest digest, byte[] source)
{
    public ScriptDigest Digest => digest;

    public ReadOnlySpan<byte> Source => source;

    /// <summary>It came with SCRIPT LOAD: its client expects it to stay.</summary>
    internal bool IsLoaded { get; set; }

    /// <summary>In milliseconds of <see cref="Environment.TickCount64"/>. Of several writers any may win.</summary>
    internal long LastUsed { get; set; }
}
