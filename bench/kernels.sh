#!/bin/sh
# Times premix's kernels beside OpenCV's and Pillow's, on the same pixels in the same run, and ends with one line of JSON
# for each kernel and build:
#
#	bench/kernels.sh [--rounds N] [--images N] [--only PATTERN] [--markdown]
#
# Photographs are those of ../shared/data, or of $PREMIX_BENCH_DATA (SET/CLASS/*.jpg), whose files of 500×375 are then taken
# for those of ImageNet; where there are none, images are drawn.
set -eu
cd "$(dirname "$0")/.."
python=$(bench/python.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
go build -o "$work/asm" ./bench/kernels
go build -tags noasm -o "$work/noasm" ./bench/kernels
"$work/asm" -prepare "$work/pictures" -data "${PREMIX_BENCH_DATA:-../shared/data}" ${PREMIX_BENCH_DATA:+-imagenet}
"$python" bench/kernels.py "$work/pictures" "$work/asm" "$work/noasm" "$@"
