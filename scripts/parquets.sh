#!/usr/bin/env bash
# Makes COUNT Parquet files of images with pyarrow, some of them damaged, and compares what premix reads of them with what
# pyarrow reads: scripts/parquets.sh COUNT [SEED]. Go's tests compare those of io/hfparquet/testdata/made.zip.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(compat/install.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" io/hfparquet/testdata/made.py "$1" "${2:-1}" "$work/made.zip"
PREMIX_MADE="$work/made.zip" go test ./io/hfparquet -run '^TestMade$' -count=1 -v
