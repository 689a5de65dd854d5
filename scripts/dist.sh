#!/usr/bin/env bash
# usage: scripts/dist.sh [PLATFORMS]
# Makes the files of a release twice, the second time with an empty build cache, compares the checksums, and looks at the
# sizes; then installs the wheel of this host as a user does, in a fresh venv with an empty HOME and without Go, and
# mixes with it. PLATFORMS are those of make dist, linux/amd64 by default.
set -euo pipefail
cd "$(dirname "$0")/.."
platforms=${1:-linux/amd64}
most_wheel=25000000 # bytes; dist itself looks at the size of programs
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
say() { printf '%s (after %d s)\n' "$*" $SECONDS; }

go run ./internal/dist -out "$work/first" -platforms "$platforms"
say "built"
GOCACHE=$work/cache go run ./internal/dist -out "$work/second" -platforms "$platforms" >"$work/second.out"
say "built again, with an empty build cache"
diff "$work/first/SHA256SUMS" "$work/second/SHA256SUMS" || { echo "two builds of one commit differ"; exit 1; }
(cd "$work/first" && sha256sum --check SHA256SUMS)
rm -rf "$work/cache" "$work/second"

for wheel in "$work"/first/*.whl; do
  size=$(stat -c %s "$wheel")
  echo "$(basename "$wheel"): $size bytes"
  [ "$size" -le $most_wheel ] || { echo "a wheel of more than $most_wheel bytes"; exit 1; }
done

# A container may run the program under a number that no file knows, and with an empty environment.
if [ "$(id -u)" -eq 0 ]; then
  chmod 755 "$work" && mkdir -m 1777 "$work/bare"
  tar -xzf "$work"/first/premix-*-linux-"$(go env GOARCH)".tar.gz --strip-components=1 -C "$work/bare"
  (cd "$work/bare" && setpriv --reuid=54321 --regid=54321 --clear-groups env -i ./premix mix --in synth:20 --out demo --cache none)
  say "mixed as a user that does not exist"
fi

mkdir "$work/home" "$work/run"
python3 -m venv "$work/venv"
clean() { (cd "$work/run" && env -i HOME="$work/home" PATH="$work/venv/bin:/usr/bin:/bin" "$@"); }
began=$SECONDS
clean pip install --quiet --no-index --no-deps --disable-pip-version-check --find-links "$work/first" premix-shards
clean premix version
clean premix mix --in synth:500 --out demo
[ -s "$work/run/demo/__premix__/train/report.html" ] || { echo "mix has written no report"; exit 1; }
clean premix verify demo
took=$((SECONDS - began))
say "installed, mixed 500 images and verified them in $took s, with an empty HOME and without Go"
clean python -m premix_shards version --json >"$work/module.json"
clean premix version --json | diff - "$work/module.json" || { echo "python -m premix_shards is another program"; exit 1; }
status=0
clean python -m premix_shards mix --in nowhere --out x 2>"$work/refused" || status=$?
[ $status -eq 2 ] || { echo "python -m premix_shards ended with exit code $status for a wrong input"; cat "$work/refused"; exit 1; }
clean python -c 'import os, premix_shards
assert os.path.exists(os.path.join(os.path.dirname(premix_shards.__file__), "py.typed"))
try:
    import premix_shards.torch
except ImportError as e:
    assert "pip install premix-shards[torch]" in str(e), e
else:
    raise SystemExit("premix_shards.torch was imported without torch")'
