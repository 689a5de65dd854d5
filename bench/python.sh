#!/bin/sh
# Installs the peers that premix is measured beside into a Python virtual environment, and prints the path of its python
# on stdout. Does nothing where that has been done before with the same requirements.
#
#	bench/python.sh
#
# The folder is $PREMIX_BENCH_DIR, or ${XDG_CACHE_HOME:-~/.cache}/premix/bench-HASH, HASH being that of the requirements.
# Needs python3 with venv, 300 MB of disk and a package index.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
hash=$(sha256sum <"$here/requirements.txt" | cut -c1-12)
dir=${PREMIX_BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/premix/bench-$hash}
python=$dir/bin/python
if [ -x "$python" ] && [ "$(cat "$dir/premix-bench" 2>/dev/null)" = "$hash" ]; then
	echo "$python"
	exit
fi
say() { echo "bench/python.sh: $*" >&2; }
command -v python3 >/dev/null || { say "python3 is missing"; exit 1; }
if [ -d "$dir" ] && [ ! -f "$dir/pyvenv.cfg" ] && [ -n "$(ls -A "$dir")" ]; then
	say "$dir holds something else than a virtual environment: set PREMIX_BENCH_DIR to a folder of its own"
	exit 1
fi
# One installation at a time: two would write into each other. The lock goes with the process.
mkdir -p "$(dirname "$dir")"
if [ -z "${PREMIX_BENCH_LOCKED:-}" ] && command -v flock >/dev/null; then
	exec env PREMIX_BENCH_LOCKED=1 flock "$dir.lock" "$0"
fi
say "installing into $dir"
{
	python3 -m venv --clear "$dir" || { say "python3 -m venv failed (Debian: apt-get install python3-venv)"; exit 1; }
	"$python" -m pip --disable-pip-version-check --quiet install -r "$here/requirements.txt"
} >&2
echo "$hash" >"$dir/premix-bench"
echo "$python"
