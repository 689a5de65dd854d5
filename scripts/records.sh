#!/usr/bin/env bash
# Makes COUNT TFRecord files, half of them damaged, and compares what premix reads of them with what tf.data of TensorFlow
# reads: scripts/records.sh COUNT [SEED]. Go's tests compare those of io/source/testdata/records.zip.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(compat/install.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" io/source/testdata/records.py "$1" "${2:-1}" "$work/made.zip"
PREMIX_MADE="$work/made.zip" go test ./io/source -run '^TestMadeRecords$' -count=1 -v
