#!/usr/bin/env bash
# Makes COUNT pictures of every kind but JPEG, and compares what premix reads of them with what Pillow reads:
# scripts/pictures.sh COUNT [SEED]. Go's tests compare those of imaging/testdata/made.zip.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(bench/python.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" imaging/testdata/made.py "$1" "${2:-1}" "$work/made.zip"
PREMIX_MADE="$work/made.zip" go test ./imaging -run '^TestMade$' -count=1 -v
