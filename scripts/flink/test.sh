#!/usr/bin/env bash
# Runs the tests that need a real Flink cluster: installs it if it is missing, starts one of its own
# on free ports, builds premix as it is built for clusters, runs the tests, stops the cluster, and wants
# that no process and no temporary file is left.
#
#   scripts/flink/test.sh [arguments of go test]
#
# Environment: PREMIX_FLINK_DIR, where Flink is installed; BINARY, a premix that is built already.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PREMIX_FLINK_DIR=${PREMIX_FLINK_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/premix/flink}
scripts/flink/install.sh "$PREMIX_FLINK_DIR"
work=$(mktemp -d)
export CLUSTER=$work/cluster
cleanup() {
  scripts/flink/stop.sh "$PREMIX_FLINK_DIR" || true
  rm -rf "$work"
}
trap cleanup EXIT
export PREMIX_FLINK=1 PREMIX_BINARY=${BINARY:-$work/premix}
[ -n "${BINARY:-}" ] || CGO_ENABLED=0 go build -o "$PREMIX_BINARY" ./cmd/premix
# Whatever is temporary, of the cluster, of the command or of the tests, is made in here.
mkdir "$work/tmp"
export TMPDIR=$work/tmp
# A read error hits every slot at once, and each part that fails counts.
# The tests run some forty jobs within minutes, and a TaskManager keeps the classes of ended ones for a while.
TM_METASPACE=1024m RESTART_ATTEMPTS=12 REST_PORT=auto RPC_PORT=auto JOB_PORT=auto ARTIFACT_PORT=auto scripts/flink/start.sh "$PREMIX_FLINK_DIR"
set -a; . "$CLUSTER/address"; set +a

status=0
go test -count=1 -timeout 60m -v ./runners/flinktest "$@" || status=$?
if [ $status -ne 0 ]; then
  for log in "$CLUSTER"/log/*.log; do
    echo "--- errors in $(basename "$log"):"
    grep -E ' (ERROR|WARN) ' "$log" | grep -v 'unknown endpoint' | cut -c1-300 | tail -n 20 || true
  done >&2
fi
scripts/flink/stop.sh "$PREMIX_FLINK_DIR"
for cmdline in /proc/[0-9]*/cmdline; do
  if { tr '\0' ' ' < "$cmdline"; } 2>/dev/null | grep -qF -e "$CLUSTER" -e "$PREMIX_BINARY --"; then
    echo "test.sh: process ${cmdline//[!0-9]/} is left: $(tr '\0' ' ' < "$cmdline" | cut -c1-200)" >&2
    status=1
  fi
done
left=$(find "$TMPDIR" "$CLUSTER" -mindepth 1 ! -path "$CLUSTER/log*" ! -path "$CLUSTER/conf*" ! -path "$CLUSTER/run" | sed -n 1,20p)
if [ -n "$left" ]; then
  printf 'test.sh: this is left behind:\n%s\n' "$left" >&2
  status=1
fi
exit $status
