namespace RespProxy.LoadTests.Targets;

/// <summary>A temporary directory for generated configurations and sockets; gone when disposed.</summary>
internal sealed class WorkDirectory : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("respproxy-load-").FullName;

    public string PathOf(string name) => Path.Combine(_path, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
