#!/bin/sh
# Reads JPEG files by premix, Pillow, OpenCV and torchvision, as the imread benchmark of albumentations does: the files are in
# memory, one thread decodes each of them to RGB, one after the other, and the figure is images a second.
#
#	bench/imread.sh [--rounds N] [--markdown]
#
# The files are those of the sets in ../shared/data, or in $PREMIX_BENCH_DATA (SET/CLASS/*.jpg). Torchvision is a gigabyte, so
# the packages are those of compat/install.sh.
set -eu
cd "$(dirname "$0")/.."
python=$(compat/install.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
go build -o "$work/asm" ./bench/kernels
go build -tags noasm -o "$work/noasm" ./bench/kernels
"$python" bench/imread.py "${PREMIX_BENCH_DATA:-../shared/data}" "$work/asm" "$work/noasm" "$@"
