using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RespProxy.IntegrationTests.Differential;

/// <summary>
/// Reads the scenarios from the text files under Scenarios/, which are part of the assembly.
/// </summary>
/// <remarks>
/// A scenario is a line <c>ROW: what it shows</c> and indented lines, each a call, in redis-cli's words and quotes. After the title may
/// stand, in brackets:
/// <list type="bullet">
/// <item><c>[several slots]</c>: its keys share no slot.</item>
/// <item><c>[outside MULTI: why]</c>: it is not run as a transaction.</item>
/// <item><c>[not in a cluster: why]</c>: nodes of a cluster answer otherwise than a plain Redis.</item>
/// </list>
/// Before a call may stand how its reply is compared, when not byte for byte: <c>~unordered</c>, <c>~approximate</c>, <c>~shape</c>,
/// <c>~kind</c> (see <see cref="Likeness"/>). Lines that start with # are comments.
/// </remarks>
internal static partial class ScenarioFiles
{
    private static readonly Dictionary<string, Likeness> Marks = new()
    {
        ["~unordered"] = Likeness.Unordered,
        ["~approximate"] = Likeness.Approximate,
        ["~shape"] = Likeness.Shape,
        ["~kind"] = Likeness.Kind,
    };

    public static ILookup<string, Scenario> ReadAll() => typeof(ScenarioFiles).Assembly.GetManifestResourceNames()
        .Where(name => name.EndsWith(".scenarios.txt", StringComparison.Ordinal))
        .SelectMany(Read)
        .ToLookup(scenario => scenario.Row);

    private static List<Scenario> Read(string resource)
    {
        using var reader = new StreamReader(typeof(ScenarioFiles).Assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        var scenarios = new List<Scenario>();
        var calls = new List<Call>();
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line) || line[0] == '#') continue;
            try
            {
                if (line[0] == ' ') calls.Add(ParseCall(line.Trim()));
                else scenarios.Add(ParseHeading(line, calls = []));
            }
            catch (FormatException e)
            {
                throw new FormatException($"{resource}, line {number}: {e.Message}");
            }
        }

        return scenarios;
    }

    private static Scenario ParseHeading(string line, List<Call> calls)
    {
        Match match = Heading().Match(line);
        if (!match.Success) throw new FormatException($"no heading: {line}");
        var scenario = new Scenario { Row = match.Groups["row"].Value, Title = match.Groups["title"].Value, Calls = calls };
        foreach (Capture option in match.Groups["option"].Captures)
        {
            const string Outside = "outside MULTI: ", NotInCluster = "not in a cluster: ";
            scenario = option.Value switch
            {
                "several slots" => scenario with { HasSeveralSlots = true },
                var text when text.StartsWith(Outside, StringComparison.Ordinal) => scenario with { OutsideMulti = text[Outside.Length..] },
                var text when text.StartsWith(NotInCluster, StringComparison.Ordinal) => scenario with { NotInCluster = text[NotInCluster.Length..] },
                _ => throw new FormatException($"unknown option [{option.Value}]"),
            };
        }

        return scenario;
    }

    private static Call ParseCall(string text)
    {
        List<string> words = Split(text);
        Likeness likeness = Likeness.Exact;
        if (words[0][0] == '~')
        {
            if (!Marks.TryGetValue(words[0], out likeness)) throw new FormatException($"unknown mark {words[0]}");
            words.RemoveAt(0);
        }

        return new Call(likeness, [.. words], text);
    }

    /// <summary>Words parted by blanks; "..." may hold blanks and \r \n \xHH \" \\.</summary>
    private static List<string> Split(string text) => [.. Word().Matches(text).Select(match => Unquote(match.Value))];

    private static string Unquote(string word) => word[0] != '"'
        ? word
        : Escape().Replace(word[1..^1], match => match.Value[1] switch
        {
            'r' => "\r",
            'n' => "\n",
            'x' => ((char)byte.Parse(match.Value.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString(),
            char other => other.ToString(),
        });

    [GeneratedRegex(@"^(?<row>[A-Z][A-Z_|-]*): (?<title>.*?)(?: \[(?<option>[^\]]*)\])*$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"""(?:\\.|[^""\\])*""|[^\s""]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\\(?:x[0-9a-fA-F]{2}|.)")]
    private static partial Regex Escape();
}
