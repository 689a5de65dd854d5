#!/bin/sh
# Runs the whole job, photographs to mixed shards, with premix and with the Python baseline in turns, and ends with one
# line of JSON for each set, peaks (fresh, cached, or with kept crops) and engine, one for the CPU time of five methods at
# once (--variant) over that of one, and one for that of a cached run over that of its kernels alone (bench/floor):
#
#	bench/job.sh [--rounds N] [--images N] [--sets flowers,objects] [--engines pillow,cv2] [--small N] [--markdown]
#
# The photographs are those of ../shared/data, or of $PREMIX_BENCH_DATA (DATA/SET/CLASS/*.jpg), copied under new names until
# there are --images of them; where there are none, images are drawn. Copies and outputs go to $TMPDIR and are removed.
set -eu
cd "$(dirname "$0")/.."
python=$(bench/python.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
program=${PREMIX_BENCH_PROGRAM:-$work/premix}
[ -n "${PREMIX_BENCH_PROGRAM:-}" ] || go build -o "$program" ./cmd/premix
go build -o "$work/floor" ./bench/floor
mkdir "$work/work"
"$python" bench/job.py "$program" "$work/floor" "${PREMIX_BENCH_DATA:-../shared/data}" "$work/work" "$@"
