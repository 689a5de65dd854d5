#!/usr/bin/env bash
# Runs bench/scale: the stages of jobs on drawn rows, without pixels, against a store in memory that answers after 25 ms.
# Prints one line of JSON for each job; what each stage takes goes to stderr.
#
#	bench/scale.sh [small|large|flink]     large takes about an hour on two cores, and 20 GiB of memory
#
# small: 10⁵ images on each local runner. large: 1.28 million and 14.2 million images, and of 14.2 million in 90 replicas
# the gate alone; the finish alone is bench/scale/finish. flink: 10⁵ and 1.28 million on two TaskManagers of two slots,
# which this script starts, and stops.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AWS_ACCESS_KEY_ID=premix AWS_SECRET_ACCESS_KEY=premix AWS_EC2_METADATA_DISABLED=true AWS_REGION=us-east-1
CGO_ENABLED=0 go build -o "$work/scale" ./bench/scale
scale=$work/scale
case ${1:-small} in
small)
  for runner in stages direct prism; do "$scale" -images 100000 -runner $runner; done
  ;;
large)
  "$scale" gate -images 14200000 -replicas 90
  "$scale" -images 1281167
  "$scale" -images 1281167 -runner direct
  "$scale" -images 1281167 -runner prism
  "$scale" -images 1281167 -replicas 10
  "$scale" -images 1281167 -replicas 10 -runner direct
  "$scale" -images 1281167 -replicas 10 -runner prism
  "$scale" -images 14200000
  ;;
flink)
  export PREMIX_FLINK_DIR=${PREMIX_FLINK_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/premix/flink} CLUSTER=$work/cluster
  scripts/flink/install.sh "$PREMIX_FLINK_DIR"
  trap 'scripts/flink/stop.sh "$PREMIX_FLINK_DIR" || true; rm -rf "$work"' EXIT
  TM_METASPACE=512m REST_PORT=auto RPC_PORT=auto JOB_PORT=auto ARTIFACT_PORT=auto scripts/flink/start.sh "$PREMIX_FLINK_DIR" >&2
  set -a; . "$CLUSTER/address"; set +a
  for images in 100000 1281167; do
    "$scale" -images $images -runner flink -flink-rest "$PREMIX_FLINK_REST" -flink-job-server "$PREMIX_FLINK_JOB_SERVER"
  done
  ;;
*)
  echo "scale.sh: small, large or flink" >&2
  exit 2
  ;;
esac
