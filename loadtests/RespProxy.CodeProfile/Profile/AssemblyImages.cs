using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace RespProxy.CodeProfile.Profile;

/// <summary>The metadata of the assemblies in a folder, by simple name.</summary>
internal sealed class AssemblyImages : IDisposable
{
    private readonly Dictionary<string, PEReader> _images;

    public AssemblyImages(string directory) =>
        _images = Directory.GetFiles(directory, "*.dll").ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => new PEReader(File.OpenRead(file)), StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> Names => _images.Keys.Order(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null for an assembly that is not there.</summary>
    public MetadataReader? Find(string name) => _images.TryGetValue(name, out PEReader? image) ? image.GetMetadataReader() : null;

    public void Dispose()
    {
        foreach (PEReader image in _images.Values) image.Dispose();
    }
}
