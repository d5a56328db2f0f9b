using System.Text;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests.Differential;

/// <summary>A target's replies to a trial beside the oracle's.</summary>
internal sealed record TrialComparison(Trial Trial, Peer Target, IReadOnlyList<RawReply> Expected, IReadOnlyList<RawReply> Actual)
{
    /// <summary>A difference shows this much of each reply.</summary>
    private const int Longest = 600;

    /// <summary>What is wrong, or null. An exception that is not needed is wrong, too.</summary>
    public string? Complaint(IReadOnlySet<string> knownToOracle)
    {
        if (Target.IsProxy && Trial.IsNewerThan(knownToOracle))
            return Expected.Count == Actual.Count ? null : Describe(" answers another number of times");
        if (Target.IsProxy && Trial.IsRefusedInTransaction)
            return IsAborted ? null : Describe($" is no longer refused in MULTI: take its command off {nameof(Exemptions.RefusedInTransactions)}");
        if (Target.IsCluster && Trial is { InMulti: true, Scenario.HasSeveralSlots: true })
            return IsAborted ? null : Describe(" has keys of one slot: take away [several slots]");
        if (Target.IsCluster && Trial.Scenario.NotInCluster is not null)
            return Differences().Any() ? null : Describe(" is answered alike in a cluster: take away [not in a cluster]");
        string[] differences = [.. Differences()];
        return differences.Length == 0 ? null : Describe("\n" + string.Concat(differences));
    }

    private bool IsAborted => Actual[^1].Wire.StartsWith("-EXECABORT", StringComparison.Ordinal);

    private IEnumerable<string> Differences()
    {
        string[] requests = [.. Trial.Requests.Select(request => string.Join(' ', request))];
        for (int i = 0; i < Math.Max(Expected.Count, Actual.Count); i++)
        {
            RawReply? expected = Expected.ElementAtOrDefault(i);
            RawReply? actual = Actual.ElementAtOrDefault(i);
            if (expected is not null && actual is not null && AreAlike(i, expected, actual)) continue;
            yield return $"    {Printable(i < requests.Length ? requests[i] : "(one more reply)")}\n      expected {Printable(expected?.Wire)}\n      actual   {Printable(actual?.Wire)}\n";
        }
    }

    private bool AreAlike(int index, RawReply expected, RawReply actual)
    {
        IReadOnlyList<Call> calls = Trial.Scenario.Calls;
        if (!Trial.InMulti) return ReplyLikeness.AreAlike(index < calls.Count ? calls[index].Likeness : Likeness.Exact, expected, actual);
        bool isExec = index == calls.Count + 1 && expected.Tree.Items.Count == calls.Count && actual.Tree.Items.Count == calls.Count;
        if (!isExec) return ReplyLikeness.AreAlike(Likeness.Exact, expected, actual);
        return ReplyLikeness.AreAlike(Likeness.Kind, expected, actual)
            && calls.Zip(ReplyLikeness.ElementsOf(expected), ReplyLikeness.ElementsOf(actual)).All(part => ReplyLikeness.AreAlike(part.First.Likeness, part.Second, part.Third));
    }

    private string Describe(string what) => $"[{Target.Name}] {Trial}{what}";

    /// <summary>On one line, without what a terminal would act on.</summary>
    private static string Printable(string? wire)
    {
        var text = new StringBuilder();
        foreach (char c in wire ?? "nothing")
        {
            if (text.Length > Longest) return text.Append("...").ToString();
            _ = c switch
            {
                '\r' => text.Append("\\r"),
                '\n' => text.Append("\\n"),
                >= ' ' and <= '~' => text.Append(c),
                _ => text.Append("\\x").Append(((int)c).ToString("x2", System.Globalization.CultureInfo.InvariantCulture)),
            };
        }

        return text.ToString();
    }
}
