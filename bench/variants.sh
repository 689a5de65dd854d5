#!/bin/sh
# Measures several methods in one pass, with cached peaks: one run of saliencymix; five variants in one run; the same five
# by runs of their own; and five outputs of crops that differ in a few pixels beside one, which tells what four times encode
# and write cost:
#
#	bench/variants.sh [--rounds N] [--images N] [--sets flowers,objects] [--markdown]
#
# The runs take turns. CPU seconds are those of the processes, user and system. Photographs are those of ../shared/data, or
# of $PREMIX_BENCH_DATA (DATA/SET/CLASS/*.jpg), copied under new names until there are --images of them.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
program=${PREMIX_BENCH_PROGRAM:-$work/premix}
[ -n "${PREMIX_BENCH_PROGRAM:-}" ] || go build -o "$program" ./cmd/premix
python3 bench/variants.py "$program" "${PREMIX_BENCH_DATA:-../shared/data}" "$work" "$@"
