#!/usr/bin/env bash
# Runs a command with Azurite, the emulator of Azure's object store, in PREMIX_AZURITE=HOST:PORT:
#   scripts/azurite.sh go test ./io/blob
# Installs it (pinned) from npm into DIR=${PREMIX_AZURITE_DIR:-~/.cache/premix/azurite-VERSION} if it
# is not there, listens on loopback only, keeps nothing, and ends it by its own process id.
set -euo pipefail
version=3.37.0
dir=${PREMIX_AZURITE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/premix/azurite-$version}
if [ ! -x "$dir/node_modules/.bin/azurite-blob" ]; then
  mkdir -p "$dir"
  npm install --silent --no-audit --no-fund --prefix "$dir" "azurite@$version" >"$dir/install.log" 2>&1 || { tail -n 20 "$dir/install.log" >&2; exit 1; }
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
work=$(mktemp -d)
(cd "$work" && exec node "$dir/node_modules/.bin/azurite-blob" --blobHost 127.0.0.1 --blobPort "$port" --inMemoryPersistence --skipApiVersionCheck --disableTelemetry >"$work/log" 2>&1) &
pid=$!
trap 'kill $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 150); do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  kill -0 $pid 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.2
done
PREMIX_AZURITE=127.0.0.1:$port "$@"
