# Sourced by the scripts beside it.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# No build server may outlive the script.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
fail() { say "$*"; exit 1; }

require_dotnet() {
  command -v dotnet >/dev/null && dotnet --list-sdks | grep -q '^10\.' && return
  fail "the .NET 10 SDK was not found. Install it from https://dotnet.microsoft.com/download/dotnet/10.0 \
(package dotnet-sdk-10.0, or dotnet-install.sh --channel 10.0) and see that 'dotnet' is in PATH."
}

# build PROJECT...: Release, quietly; standard output stays free.
build() {
  local project
  for project in "$@"; do
    dotnet build "$root/$project" -c Release -v q --nologo -p:UseSharedCompilation=false >&2 || return
  done
}
