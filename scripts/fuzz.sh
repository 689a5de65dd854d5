#!/usr/bin/env bash
# Runs every fuzz target for some time each: scripts/fuzz.sh 10s. Minimizing, which by itself goes on for a minute for each
# input, is kept short: inputs of some kB would be all that the time is spent on.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
for file in $(git ls-files '*_test.go' | xargs grep -l '^func Fuzz'); do
  for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
    echo "== $(dirname "$file") $target"
    go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x
  done
done
