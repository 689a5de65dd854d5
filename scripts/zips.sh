#!/usr/bin/env bash
# Makes COUNT zip archives with Python's zipfile, some of them damaged, and compares what premix reads of them with what
# zipfile reads: scripts/zips.sh COUNT [SEED]. Go's tests compare those of io/zipfile/testdata/made.zip.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(compat/install.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" io/zipfile/testdata/made.py "$1" "${2:-1}" "$work/made.zip"
PREMIX_MADE="$work/made.zip" go test ./io/zipfile -run '^TestMade$' -count=1 -v
