using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace RespProxy.LoadTests.Measuring;

/// <summary>
/// Reads an OCI image layout in a tar (https://github.com/opencontainers/image-spec, image-layout.md), as eng/image makes it:
/// one image, layers compressed by gzip. Every blob must have the digest and size that refer to it.
/// </summary>
internal static class ContainerImage
{
    private const string Layout = "oci-layout";
    private const string Index = "index.json";

    /// <summary>The size of the image in a file; null when there is no such file.</summary>
    /// <exception cref="FormatException">The file is not such an image.</exception>
    public static ContainerImageSize? SizeOf(string path)
    {
        if (!File.Exists(path))
            return null;
        using FileStream file = File.OpenRead(path);
        return SizeOf(file);
    }

    /// <exception cref="FormatException">The archive is not such an image.</exception>
    public static ContainerImageSize SizeOf(Stream archive)
    {
        try
        {
            Dictionary<string, byte[]> files = Read(archive);
            using JsonDocument layout = Json(files[Layout]);
            if (layout.RootElement.GetProperty("imageLayoutVersion").GetString() is not "1.0.0")
                throw new FormatException("not an OCI image layout of version 1.0.0");
            using JsonDocument index = Json(files[Index]);
            using JsonDocument manifest = Json(Blob(files, index.RootElement.GetProperty("manifests").EnumerateArray().Single()));
            using JsonDocument config = Json(Blob(files, manifest.RootElement.GetProperty("config")));
            byte[][] layers = [.. manifest.RootElement.GetProperty("layers").EnumerateArray().Select(layer => Blob(files, layer))];
            string?[] unpacked = [.. config.RootElement.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(id => id.GetString())];
            if (layers.Length != unpacked.Length)
                throw new FormatException("the image's configuration has other layers than its manifest");
            return new ContainerImageSize(
                files.Where(file => file.Key.StartsWith("blobs/", StringComparison.Ordinal)).Sum(file => (long)file.Value.Length),
                layers.Zip(unpacked, UnpackedBytes).Sum());
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException or JsonException or InvalidDataException or EndOfStreamException)
        {
            throw new FormatException($"not an image: {error.Message}", error);
        }
    }

    private static Dictionary<string, byte[]> Read(Stream archive)
    {
        Dictionary<string, byte[]> files = [];
        using TarReader reader = new(archive, leaveOpen: true);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is not { } content)
                continue;
            using MemoryStream bytes = new();
            content.CopyTo(bytes);
            files[entry.Name] = bytes.ToArray();
        }
        return files;
    }

    private static byte[] Blob(Dictionary<string, byte[]> files, JsonElement descriptor)
    {
        string digest = descriptor.GetProperty("digest").GetString()!;
        byte[] blob = files[$"blobs/{digest.Replace(':', '/')}"];
        if (Digest(SHA256.HashData(blob)) != digest || blob.Length != descriptor.GetProperty("size").GetInt64())
            throw new FormatException($"the blob {digest} is not what its descriptor says");
        return blob;
    }

    private static long UnpackedBytes(byte[] layer, string? digest)
    {
        using GZipStream tar = new(new MemoryStream(layer), CompressionMode.Decompress);
        using MemoryStream bytes = new();
        tar.CopyTo(bytes);
        if (Digest(SHA256.HashData(bytes.ToArray())) != digest)
            throw new FormatException($"a layer is not {digest} when it is unpacked");
        return bytes.Length;
    }

    private static string Digest(byte[] hash) => $"sha256:{Convert.ToHexStringLower(hash)}";

    private static JsonDocument Json(byte[] text) => JsonDocument.Parse(text);
}

/// <summary>What is transferred and stored in a registry, and what its layers are on a machine, in bytes.</summary>
internal sealed record ContainerImageSize(long CompressedBytes, long UnpackedBytes);
