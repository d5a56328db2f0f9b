using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RespProxy.Control.Admin;

/// <summary>Answers of the admin API. Nothing of them is to be kept by caches, as they tell what is now.</summary>
public static class AdminReply
{
    /// <summary>No browser takes these answers for a page (nosniff), so only what JSON itself wants escaped is.</summary>
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with JSON.</summary>
    /// <param name="context">The request.</param>
    /// <param name="write">Writes one value.</param>
    /// <param name="status">The status code.</param>
    public static Task JsonAsync(HttpContext context, Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK)
    {
        ArgumentNullException.ThrowIfNull(write);
        return WriteAsync(context, status, Serialize(write), "application/json");
    }

    /// <summary>Answers with an error (RFC 9457).</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">400 or above.</param>
    /// <param name="detail">What is wrong, and what to do about it.</param>
    /// <param name="errors">Single faults, where there are several; null for none.</param>
    public static Task ProblemAsync(HttpContext context, int status, string detail, IReadOnlyList<string>? errors = null)
    {
        byte[] body = Serialize(json =>
        {
            json.WriteStartObject();
            json.WriteString("type", "about:blank");
            json.WriteString("title", TitleOf(status));
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            if (errors is not null) json.WriteTexts("errors", errors);
            json.WriteEndObject();
        });
        return WriteAsync(context, status, body, "application/problem+json");
    }

    /// <summary>Answers with a line for a person, or with what a scraper reads.</summary>
    public static Task TextAsync(HttpContext context, int status, string text, string contentType = "text/plain; charset=utf-8") =>
        WriteAsync(context, status, Encoding.UTF8.GetBytes(text), contentType);

    /// <summary>Answers with bytes that are ready.</summary>
    public static Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> body, string contentType)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>A property that is a list of texts.</summary>
    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(texts);
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static byte[] Serialize(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Plain)) write(json);
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private static string TitleOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "Bad Request",
        StatusCodes.Status401Unauthorized => "Unauthorized",
        StatusCodes.Status403Forbidden => "Forbidden",
        StatusCodes.Status404NotFound => "Not Found",
        StatusCodes.Status405MethodNotAllowed => "Method Not Allowed",
        StatusCodes.Status409Conflict => "Conflict",
        StatusCodes.Status412PreconditionFailed => "Precondition Failed",
        StatusCodes.Status413PayloadTooLarge => "Content Too Large",
        StatusCodes.Status422UnprocessableEntity => "Unprocessable Content",
        StatusCodes.Status503ServiceUnavailable => "Service Unavailable",
        StatusCodes.Status500InternalServerError => "Internal Server Error",
        _ => "Error",
    };
}
