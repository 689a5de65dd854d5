#!/usr/bin/env bash
# Runs tests as on an arm64 machine, under qemu's user emulation: the plain Go kernels, compiled by a compiler that fuses
# products and sums, have to give the bits of the golden files and of Pillow and OpenCV there too.
#   scripts/arm64.sh [go test flags] PACKAGES
# Needs qemu-aarch64-static or qemu-aarch64; as root on Debian it installs the former.
set -euo pipefail
cd "$(dirname "$0")/.."
find_qemu() { command -v qemu-aarch64-static || command -v qemu-aarch64; }
if ! qemu=$(find_qemu); then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "arm64.sh: qemu-aarch64 is missing (Debian: apt-get install qemu-user-static)" >&2
    exit 1
  fi
  install() { apt-get install -y --no-install-recommends qemu-user-static; }
  { install || { apt-get update && install; }; } >&2
  qemu=$(find_qemu)
fi
GOARCH=arm64 CGO_ENABLED=0 exec go test -exec "$qemu" "$@"
