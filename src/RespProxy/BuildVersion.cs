using System.Reflection;

namespace RespProxy;

internal static class BuildVersion
{
    /// <summary><c>0.1.0</c>, or with the revision the build was made from: <c>0.1.0+1a2b3c...</c>.</summary>
    public static string Text { get; } =
        typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
