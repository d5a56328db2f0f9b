using RespProxy.CodeProfile.Profile;
using RespProxy.CodeProfile.Trace;
using RespProxy.CodeProfile.Training;

namespace RespProxy.CodeProfile;

/// <summary>
/// Writes down which code a proxy uses from its start on: a published proxy runs without its precompiled code and does what proxies do, while the
/// runtime tells every method that it compiles. eng/publish compiles those ahead, and lays them out in the order in which they were used.
/// </summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var binary, var assemblies, var output])
        {
            await Console.Error.WriteLineAsync("usage: RespProxy.CodeProfile BINARY ASSEMBLIES OUTPUT.mibc   (ASSEMBLIES: the folder with the trimmed assemblies that are in BINARY)").ConfigureAwait(false);
            return 2;
        }

        DirectoryInfo scratch = Directory.CreateTempSubdirectory("respproxy-profile-");
        try
        {
            IReadOnlyList<string> traces = await new TrainingRun(Path.GetFullPath(binary), scratch.FullName).RunAsync().ConfigureAwait(false);
            using var images = new AssemblyImages(assemblies);
            Write(output, images, [.. traces.SelectMany(RuntimeTrace.Read)]);
            return 0;
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static void Write(string output, AssemblyImages images, IReadOnlyList<TracedMethod> methods)
    {
        var profile = new ProfileBuilder(images);
        foreach (TracedMethod method in methods) profile.Add(method);
        int used = profile.Count;
        profile.AddRest(assembly => assembly.StartsWith("RespProxy", StringComparison.OrdinalIgnoreCase));
        profile.Write(output);
        Console.WriteLine($"{output}: {used} methods were used, {profile.Left} could not be named, {profile.Count - used} more are the proxy's own");
    }
}
