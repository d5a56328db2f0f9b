# syntax=docker/dockerfile:1
# docker build -t respproxy .
# docker run -v ./respproxy.yaml:/etc/respproxy/respproxy.yaml:ro -p 6379:6379 respproxy

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY . .
RUN eng/publish

# No shell, no package manager; its user is not root (1654).
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /source/artifacts/publish/respproxy /respproxy
USER $APP_UID
EXPOSE 6379 9180
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/respproxy", "healthcheck"]
ENTRYPOINT ["/respproxy"]
CMD ["run", "/etc/respproxy/respproxy.yaml"]
