namespace RespProxy.Configuration.Loading;

/// <summary>Puts a rule set in the place of the file's tenants.</summary>
internal static class RuleSetTree
{
    public const string Root = "tenants";

    /// <summary>Some editors begin a text with it.</summary>
    private const char ByteOrderMark = (char)0xFEFF;

    /// <summary>The list of a tenant's passwords.</summary>
    public const string Passwords = "passwords";

    /// <summary>Changes the file's tree, unless the rule set is not one, which is reported.</summary>
    public static void Lay(MapNode file, RuleSetText rules, ErrorList errors)
    {
        if (rules.Text.Length > RuleSetText.MaxLength)
        {
            errors.Add("", new Origin(rules.Source, 0, 0), $"is longer than {Values.FormatSize(RuleSetText.MaxLength)}: not a rule set");
            return;
        }

        if (YamlTree.Parse(rules.Text.TrimStart(ByteOrderMark), rules.Source, errors) is not { } tree) return;
        CheckRoot(tree, rules, errors);
        if (tree.Find(Root) is not { } tenants) return;
        RefusePlainPasswords(tenants, errors);
        file.Replace(Root, tenants);
    }

    private static void CheckRoot(MapNode tree, RuleSetText rules, ErrorList errors)
    {
        bool isThere = false;
        foreach (MapEntry entry in tree.Entries)
        {
            if (entry.Key != Root)
                errors.Add("", entry.KeyOrigin, $"{Suggestion.Quote(entry.Key)} does not belong into a rule set, which has one key, tenants; change it in the configuration file");
            else if (isThere)
                errors.Add(Root, entry.KeyOrigin, "given twice; remove one");
            else
                isThere = true;
        }

        if (!isThere) errors.Add(Root, new Origin(rules.Source, 0, 0), "is missing; a rule set is the list of all tenants, as it stands in the configuration file");
    }

    private static void RefusePlainPasswords(ConfigNode tenants, ErrorList errors)
    {
        if (tenants is not ListNode list) return;
        for (int i = 0; i < list.Items.Count; i++)
        {
            if ((list.Items[i] as MapNode)?.Find(Passwords) is not ListNode passwords) continue;
            for (int j = 0; j < passwords.Items.Count; j++)
            {
                if (passwords.Items[j] is ScalarNode { IsNull: false } plain)
                {
                    errors.Add(
                        $"{Root}[{i}].{Passwords}[{j}]",
                        plain.Origin,
                        "a rule set is kept and shown, so no password may stand in it; write {sha256: HEX} (printf %s PASSWORD | sha256sum), {env: NAME} or {file: PATH}");
                }
            }
        }
    }
}
