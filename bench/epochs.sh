#!/usr/bin/env bash
# Measures what a replica costs, on photographs at 224 pixels, and scales it to the training set of ImageNet: the tables of
# docs/epochs.md. A run has at least IMAGES images (default 800), and each figure is the least of ROUNDS rounds (default 2).
#
#	bench/epochs.sh [IMAGES [ROUNDS]]
#
# The photographs are those of ../shared/data, or of $PREMIX_BENCH_DATA (DATA/SET/CLASS/*.jpg), copied under new names until
# there are enough. Copies and outputs go to $TMPDIR and are removed. CPU time is that of the process, user and system. Runs
# have --spool off, as those of a set whose crops do not fit in --spool-limit: each replica reads and decodes its images again.
set -euo pipefail
cd "$(dirname "$0")/.."
images=${1:-800}
rounds=${2:-2}
data=${PREMIX_BENCH_DATA:-../shared/data}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
program=${PREMIX_BENCH_PROGRAM:-$work/premix}
[ -n "${PREMIX_BENCH_PROGRAM:-}" ] || go build -o "$program" ./cmd/premix

# tile SET copies the photographs of a set and prints how many there are then.
tile() {
	mkdir -p "$work/$1"
	n=0
	for ((k = 0; n < images; k++)); do
		for f in "$data/$1"/*/*.jpg; do
			dir=$work/$1/$(basename "$(dirname "$f")")
			mkdir -p "$dir"
			cp "$f" "$dir/$k-$(basename "$f")"
			n=$((n + 1))
		done
		[ "$n" -gt 0 ] || { echo "epochs.sh: no photographs in $data/$1" >&2; exit 1; }
	done
	echo "$n"
}

# cpu FIGURE COMMAND… runs a command and keeps its CPU seconds if they are the least of that figure.
cpu() {
	local figure=$1
	shift
	TIMEFORMAT='%U %S'
	{ time "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; } 2>>"$work/$figure"
}

# least FIGURE prints the least CPU seconds of a figure.
least() { awk '{ print $1 + $2 }' "$work/$1" | sort -g | head -1; }

imagenet=1281167
echo "$("$program" --version), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
echo
echo '| photographs | `--encode` | kB a sample | CPU ms a sample: first replica | one more | 4 in one run | ImageNet: GB a replica | CPU-hours a replica, one by one | 4 in one run | minutes to copy a replica at 1 Gbit/s | 10 Gbit/s |'
echo '|---|---|---|---|---|---|---|---|---|---|---|'
for set in flowers objects; do
	n=$(tile "$set")
	for encode in jpeg:95 jpeg:85; do
		mix=("$program" mix --in "$work/$set" --size 224 --encode "$encode" --spool off --progress none)
		rm -f "$work/first" "$work/more" "$work/four"
		for ((round = 0; round < rounds; round++)); do
			rm -rf "$work/out" "$work/out4" "$work/c" "$work/c4"
			cpu first "${mix[@]}" --cache "$work/c" --out "$work/out"
			cpu more "${mix[@]}" --cache "$work/c" --out "$work/out" --first-replica 1
			cpu four "${mix[@]}" --cache "$work/c4" --out "$work/out4" --replicas 4
		done
		bytes=$(cat "$work"/out4/*.tar | wc -c)
		awk -v set="$set" -v n="$n" -v encode="$encode" -v first="$(least first)" -v more="$(least more)" -v four="$(least four)" -v bytes="$bytes" -v images="$imagenet" 'BEGIN {
			kb = bytes / (4 * n) / 1000
			gb = kb * images / 1e6
			printf "| %s, %d | `%s` | %.1f | %.2f | %.2f | %.2f | %.0f | %.2f | %.2f | %.1f | %.2f |\n", set, n, encode, kb,
				1000 * first / n, 1000 * more / n, 1000 * four / (4 * n), gb,
				more / n * images / 3600, four / (4 * n) * images / 3600, gb * 8 / 60, gb * 0.8 / 60
		}'
	done
done
