using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>Client connections, one line each.</summary>
internal static class ConnectionsView
{
    public static void Write(JsonElement answer, TextWriter output)
    {
        TextTable table = new TextTable("ID", "ADDRESS", "TENANT", "NAME", "AGE", "IDLE", "LAST COMMAND", "RESP", "DB", "PENDING", "STATE", "UNSENT").RightAlign(0, 4, 5, 7, 8, 9, 11);
        foreach (JsonElement connection in answer.List("connections"))
        {
            table.Add(
                connection.Cell("id"), connection.Cell("address"), connection.Cell("tenant"), connection.Cell("name"), connection.Seconds("ageSeconds"), connection.Seconds("idleSeconds"),
                connection.Cell("lastCommand"), connection.Cell("resp"), connection.Cell("database"), connection.Count("pending"), StateOf(connection), connection.Bytes("unsentBytes"));
        }

        table.Write(output);
        if (answer.Of("next") is not null) output.WriteLine("There are more; raise --limit (1000 at most), or name a --tenant.");
    }

    private static string StateOf(JsonElement connection)
    {
        string state = connection.Flag("blocked") ? "blocked" : connection.Flag("subscribed") ? "subscribed" : "";
        return connection.Flag("inTransaction") ? $"{state} in MULTI".Trim() : state.Length > 0 ? state : JsonReading.None;
    }
}
