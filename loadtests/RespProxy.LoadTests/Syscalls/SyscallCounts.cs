namespace RespProxy.LoadTests.Syscalls;

/// <summary>System calls of one process while it was watched, by the kernel's names; all of them in <paramref name="Total"/>.</summary>
/// <param name="Total">All calls; more than the sum of <paramref name="Calls"/> where a tool tells only some names.</param>
/// <param name="Calls">Calls by name, without those that were not made.</param>
internal sealed record SyscallCounts(long Total, IReadOnlyDictionary<string, long> Calls);

/// <summary>The system calls of a proxy in one cell, and the commands that it served meanwhile.</summary>
internal sealed record SyscallSample(string Workload, string Target, long Commands, SyscallCounts Counts);
