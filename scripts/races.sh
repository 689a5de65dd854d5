#!/usr/bin/env bash
# Lets runs share a cache and kills them, N rounds on each of direct, prism and Flink.
#   scripts/races.sh [N]
set -euo pipefail
cd "$(dirname "$0")/.."
export PREMIX_RACES=${1:-20}
go test -count=1 -timeout 60m ./cmd/premix -run '^TestRaces$'
exec scripts/flink/test.sh -run '^TestFlinkRaces$'
