using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using RespProxy.Downstream;

namespace RespProxy.Tests.Hosting;

/// <summary>The profile by which eng/publish compiles ahead. When a test here fails, the code has moved on: run eng/profile.</summary>
public class CodeProfileTests
{
    /// <summary>Of the proxy's methods that a start and a client's commands go through, as type and name, one in ten may have been renamed since.</summary>
    private const double Agreement = 0.9;

    private static readonly Assembly[] Own =
    [
        typeof(Program).Assembly, typeof(ProxyServer).Assembly, typeof(Control.AdminEndpoint).Assembly, typeof(Configuration.ConfigurationLoader).Assembly,
        typeof(Upstream.Connections.ConfinedUser).Assembly, typeof(Tenancy.Scripts.ScriptDigest).Assembly, typeof(Protocol.Commands.CommandTable).Assembly, typeof(Transport.EventLoop).Assembly,
    ];

    [Fact]
    public void The_profile_names_methods_that_there_are()
    {
        HashSet<string> there = [.. Own.SelectMany(MethodsOf)];
        HashSet<string> profiled = ProfiledMethods();

        Assert.InRange(profiled.Count(there.Contains) / (double)profiled.Count, Agreement, 1);
    }

    [Fact]
    public void What_the_data_plane_is_made_of_is_in_the_profile()
    {
        string[] there = [.. Own.Where(assembly => assembly.GetName().Name is "RespProxy.Downstream" or "RespProxy.Transport" or "RespProxy.Upstream").SelectMany(MethodsOf)];
        HashSet<string> profiled = ProfiledMethods();

        Assert.InRange(there.Count(profiled.Contains) / (double)there.Length, Agreement, 1);
    }

    /// <summary>Of each assembly of the proxy, what has code and is not generic.</summary>
    private static IEnumerable<string> MethodsOf(Assembly assembly)
    {
        using var image = new PEReader(File.OpenRead(assembly.Location));
        MetadataReader reader = image.GetMetadataReader();
        var names = new List<string>();
        foreach (MethodDefinition method in reader.MethodDefinitions.Select(reader.GetMethodDefinition))
        {
            TypeDefinition type = reader.GetTypeDefinition(method.GetDeclaringType());
            if (method.RelativeVirtualAddress != 0 && method.GetGenericParameters().Count == 0 && type.GetGenericParameters().Count == 0)
                names.Add($"{NameOf(reader, type)}.{reader.GetString(method.Name)}");
        }

        return names;
    }

    private static HashSet<string> ProfiledMethods()
    {
        using ZipArchive archive = ZipFile.OpenRead(Path.Combine(AppContext.BaseDirectory, "respproxy.mibc"));
        using var copy = new MemoryStream();
        using (Stream entry = archive.Entries.Single().Open()) entry.CopyTo(copy);
        copy.Position = 0;
        using var image = new PEReader(copy);
        MetadataReader reader = image.GetMetadataReader();
        return
        [
            .. from handle in reader.MemberReferences
               let member = reader.GetMemberReference(handle)
               where member.Parent.Kind == HandleKind.TypeReference
               let type = NameOf(reader, (TypeReferenceHandle)member.Parent)
               where type.StartsWith("RespProxy.", StringComparison.Ordinal) && !type.StartsWith("RespProxy.LocalCluster.", StringComparison.Ordinal)
               select $"{type}.{reader.GetString(member.Name)}",
        ];
    }

    private static string NameOf(MetadataReader reader, TypeDefinition type) =>
        type.IsNested ? $"{NameOf(reader, reader.GetTypeDefinition(type.GetDeclaringType()))}+{reader.GetString(type.Name)}" : $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";

    private static string NameOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf(reader, (TypeReferenceHandle)type.ResolutionScope)}+{reader.GetString(type.Name)}"
            : $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
    }
}
