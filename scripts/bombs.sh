#!/usr/bin/env bash
# Makes pictures that cost far more than their bytes and measures what premix takes for each; fails if one is too expensive:
# scripts/bombs.sh [--max-memory 256MiB] [--only 'png*'] [--list]. Needs 2 GB of memory and 500 MB of disk; takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(bench/python.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/premix" ./cmd/premix
"$python" scripts/bombs/measure.py "$work/premix" "$@"
