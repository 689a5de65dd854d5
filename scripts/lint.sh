#!/usr/bin/env bash
# Formatting, vet and staticcheck (pinned in go.tools.mod).
set -euo pipefail
cd "$(dirname "$0")/.."
bad=$(gofmt -l .)
[ -z "$bad" ] || { echo "not formatted by gofmt:"; echo "$bad"; exit 1; }
go vet ./...
go vet -tags oracles,bombs ./imaging/jpeg
go tool -modfile=go.tools.mod staticcheck ./...
echo "lint: clean"
