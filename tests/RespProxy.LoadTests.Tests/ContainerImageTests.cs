using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using RespProxy.LoadTests.Measuring;

namespace RespProxy.LoadTests.Tests;

public class ContainerImageTests
{
    private static readonly byte[] Tar = new byte[10_240];
    private static readonly byte[] Layer = Compressed(Tar);
    private static readonly string Config = $$$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["{{{Digest(Tar)}}}"]}}""";
    private static readonly string Manifest = $$"""{"schemaVersion":2,"config":{{Descriptor(Bytes(Config))}},"layers":[{{Descriptor(Layer)}}]}""";

    [Fact]
    public void The_size_is_that_of_all_blobs_and_of_the_layers_unpacked() =>
        Assert.Equal(
            new ContainerImageSize(Layer.Length + Config.Length + Manifest.Length, Tar.Length),
            ContainerImage.SizeOf(Image(Layer)));

    [Fact]
    public void A_layer_that_is_not_what_its_descriptor_says_is_refused()
    {
        byte[] other = [.. Layer];
        other[^1] ^= 1;

        Assert.Throws<FormatException>(() => ContainerImage.SizeOf(Image(other)));
    }

    [Fact]
    public void A_layer_that_unpacks_to_something_else_than_the_configuration_says_is_refused()
    {
        string config = Config.Replace(Digest(Tar), Digest(Layer), StringComparison.Ordinal);
        string manifest = Manifest.Replace(Descriptor(Bytes(Config)), Descriptor(Bytes(config)), StringComparison.Ordinal);

        Assert.Throws<FormatException>(() => ContainerImage.SizeOf(Image(Layer, config, manifest)));
    }

    [Fact]
    public void What_is_no_image_is_refused()
    {
        Assert.Throws<FormatException>(() => ContainerImage.SizeOf(Archive([("hello", Bytes("world"))])));
        Assert.Throws<FormatException>(() => ContainerImage.SizeOf(new MemoryStream(Bytes("no archive at all"))));
    }

    [Fact]
    public void No_file_has_no_size() => Assert.Null(ContainerImage.SizeOf(Path.Combine(AppContext.BaseDirectory, "no-such-image.tar")));

    private static MemoryStream Image(byte[] layer, string? config = null, string? manifest = null)
    {
        (config, manifest) = (config ?? Config, manifest ?? Manifest);
        return Archive(
        [
            ("oci-layout", Bytes("""{"imageLayoutVersion":"1.0.0"}""")),
            ("index.json", Bytes($$"""{"schemaVersion":2,"manifests":[{{Descriptor(Bytes(manifest))}}]}""")),
            (PathOf(Layer), layer), (PathOf(Bytes(config)), Bytes(config)), (PathOf(Bytes(manifest)), Bytes(manifest)),
        ]);
    }

    private static MemoryStream Archive(IEnumerable<(string Name, byte[] Content)> files)
    {
        MemoryStream archive = new();
        using (TarWriter writer = new(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (name, content) in files)
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }
        archive.Position = 0;
        return archive;
    }

    private static byte[] Compressed(byte[] bytes)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    private static string PathOf(byte[] blob) => $"blobs/{Digest(blob).Replace(':', '/')}";

    private static string Descriptor(byte[] blob) => $$"""{"digest":"{{Digest(blob)}}","size":{{blob.Length}}}""";
}
