#!/bin/sh
# Makes the pictures of docs/methods.md from drawn images, with premix inspect:
#	sh docs/methods/pictures.sh [DIR]
# from the root of the repository; DIR defaults to docs/methods.
set -eu
dir=${1:-docs/methods}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
premix() { go run ./cmd/premix "$@" >/dev/null 2>"$work/log" || { cat "$work/log" >&2; exit 1; }; }

premix mix --in synth:24 --out "$work/in" --cache none --method none --geometry squash --size 64x80 --encode png --shards 1
picture() { # NAME OPTION…
	name=$1
	shift
	premix mix --in "$work/in" --out "$work/$name" --cache "$work/cache" --size 48 --shards 1 --encode png "$@"
	premix inspect "$work/$name" --sample 12 --png "$dir/$name.png"
}
for m in saliencymix cutmix mixup cutout resizemix; do picture $m --method $m --lambda 0.6; done
picture none --method none
for s in sal2sal sal2nonsal nonsal2sal nonsal2nonsal sal2rand; do picture $s --scheme $s --lambda 0.6; done
picture shift --border shift --lambda 0.6
for d in spectral frequencytuned uniform center; do picture $d --detector $d --lambda 0.6; done
for g in center squash; do picture geometry-$g --geometry $g --lambda 0.6; done
picture geometry-pad --geometry pad:8:reflect --lambda 0.6
outputs=
for m in none cutmix mixup resizemix saliencymix; do
	premix mix --in "$work/in" --out "$work/compared/$m" --cache "$work/cache" --size 48 --shards 1 --encode png --method $m
	outputs="$outputs $work/compared/$m"
done
premix inspect $outputs --records 3 --png "$dir/compared.png"
