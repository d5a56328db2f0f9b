using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control;
using RespProxy.Control.Admin;

namespace RespProxy.Tests.Admin;

/// <summary><c>respproxy ctl rules</c>: which calls it makes of what is asked for, and what it shows of the answers. A stand-in answers.</summary>
public sealed class CtlRulesTests : IAsyncLifetime
{
    private const string Rules = "tenants:\n- name: app1\n";

    private readonly StandIn _standIn = new();
    private readonly string _file = Path.GetTempFileName();
    private AdminEndpoint _endpoint = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_file, Rules);
        _endpoint = await AdminEndpoint.StartAsync(new AdminSnapshot { Port = 0 }, [_standIn], NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _endpoint.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Each_verb_makes_its_call()
    {
        await RunAsync("show");
        await RunAsync("history");
        await RunAsync("get", "7");
        await RunAsync("check", _file);
        await RunAsync("put", _file, "--author", "ann & bob", "--comment", "why=not", "--expect", "6");
        await RunAsync("dry-run", _file, "--minutes", "2");
        await RunAsync("rollback", "5", "--author", "ann");

        Assert.Equal(
            [
                "GET /api/v1/rules ",
                "GET /api/v1/rules/history ",
                "GET /api/v1/rules/7 ",
                $"POST /api/v1/rules/check {Rules}",
                $"PUT /api/v1/rules?author=ann%20%26%20bob&comment=why%3Dnot&expect=6 {Rules}",
                $"POST /api/v1/rules/dry-run?minutes=2 {Rules}",
                "POST /api/v1/rules/rollback?to=5&author=ann ",
            ],
            _standIn.Calls);
    }

    [Fact]
    public async Task Rules_are_shown_so_that_they_can_be_put_again()
    {
        CtlResult result = await CtlProcess.RunAsync(_endpoint.Address, "rules", "show");

        Assert.Equal((0, "# version: 7\n# author: ann\n" + Rules), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Rules_that_are_refused_are_told_with_every_error_and_exit_2()
    {
        _standIn.Refuses = true;

        CtlResult result = await CtlProcess.RunAsync(_endpoint.Address, "rules", "put", _file);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("refused (422): the rules are wrong\n  tenants[0].name: is wrong\n  tenants[1].name: is missing\n", result.Error, StringComparison.Ordinal);
    }

    private async Task RunAsync(params string[] arguments)
    {
        CtlResult result = await CtlProcess.RunAsync(_endpoint.Address, ["rules", .. arguments]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    private sealed class StandIn : IAdminRoutes
    {
        private static readonly string[] Errors = ["tenants[0].name: is wrong", "tenants[1].name: is missing"];

        public ConcurrentQueue<string> Calls { get; } = new();

        public bool Refuses { get; set; }

        public void Map(IEndpointRouteBuilder routes)
        {
            string[] methods = ["GET", "PUT", "POST"];
            routes.MapMethods("/api/v1/rules", methods, AnswerAsync);
            routes.MapMethods("/api/v1/rules/{what}", methods, AnswerAsync);
        }

        private async Task AnswerAsync(HttpContext context)
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync(context.RequestAborted);
            Calls.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {body}");
            await (Refuses
                ? AdminReply.ProblemAsync(context, StatusCodes.Status422UnprocessableEntity, "the rules are wrong", Errors)
                : AdminReply.JsonAsync(context, json =>
                {
                    json.WriteStartObject();
                    json.WriteNumber("version", 7);
                    json.WriteString("author", "ann");
                    json.WriteString("yaml", Rules);
                    json.WriteEndObject();
                }));
        }
    }
}
