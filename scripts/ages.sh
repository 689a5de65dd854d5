#!/usr/bin/env bash
# Adds a version to cmd/premix/testdata/ages: outputs, plans and a cache made by that version's program. See README.md there.
#   scripts/ages.sh PROGRAM VERSION
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: scripts/ages.sh PROGRAM VERSION" >&2; exit 2; }
program=$(realpath "$1")
cd "$(dirname "$0")/.."
[ ! -e "cmd/premix/testdata/ages/$2" ] || { echo "ages.sh: the fixtures of $2 are there already" >&2; exit 1; }
PREMIX_AGES="$program $2" exec go test ./cmd/premix -count 1 -run '^TestAges$'
