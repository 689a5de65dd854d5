#!/usr/bin/env bash
# Makes COUNT tars with Python and GNU tar, some of them damaged, and compares what premix reads of them with what Python's
# tarfile reads: scripts/tars.sh COUNT [SEED]. Go's tests compare those of io/source/testdata/tars.zip.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(compat/install.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" io/source/testdata/tars.py "$1" "${2:-1}" "$work/tars.zip"
PREMIX_TARS="$work/tars.zip" go test ./io/source -run '^TestMadeTars$' -count=1 -v
