#!/usr/bin/env bash
# Adds a version to cmd/premix/testdata/ages: outputs, plans and a cache made by that version's program. See README.md there.
# With names, only these of the outputs that ageFixtures lists are made.
#   scripts/ages.sh PROGRAM VERSION [NAME…]
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: scripts/ages.sh PROGRAM VERSION [NAME…]" >&2; exit 2; }
program=$(realpath "$1")
cd "$(dirname "$0")/.."
[ ! -e "cmd/premix/testdata/ages/$2" ] || { echo "ages.sh: the fixtures of $2 are there already" >&2; exit 1; }
PREMIX_AGES="$program ${*:2}" exec go test ./cmd/premix -count 1 -run '^TestAges$'
