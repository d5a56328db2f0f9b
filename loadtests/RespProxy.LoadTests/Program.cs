using RespProxy.LoadTests;

return await CommandLine.RunAsync(args, (options, cancellation) => new LoadTestRun(options).RunAsync(cancellation));
