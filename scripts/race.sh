#!/usr/bin/env bash
# Runs the tests of all packages without Beam under the race detector.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$(go list ./... | grep -v -E '/(transforms|pipeline|runners|launch|cmd/premix|compat|bench|examples)(/|$)')
packages+=$'\n'$(go list ./transforms/stage/...)
# shellcheck disable=SC2086
exec go test -race "$@" $packages
