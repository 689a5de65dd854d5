#!/bin/sh
# Installs every reader that premix is tested with into one Python virtual environment, and prints the path of its
# python on stdout. Does nothing where that has been done before with the same requirements.
#
#	compat/install.sh [DIR]
#
# DIR defaults to $PREMIX_COMPAT_DIR, or ${XDG_CACHE_HOME:-~/.cache}/premix/compat-HASH, HASH being that of the
# requirements. Needs python3 with venv, cc and readelf, 6 GB of disk, and a package index; takes 3 to 5 minutes.
# PREMIX_TORCH_INDEX names an index that has wheels of torch and torchvision for CPUs: then cc and readelf are not
# needed, and the ordinary wheels, which want CUDA, are not used.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
hash=$(cd "$here" && cat requirements.txt requirements-nodeps.txt constraints.txt cpu_torch.py | sha256sum | cut -c1-12)
dir=${1:-${PREMIX_COMPAT_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/premix/compat-$hash}}
python=$dir/bin/python
if [ -x "$python" ] && [ "$(cat "$dir/premix-compat" 2>/dev/null)" = "$hash" ]; then
	echo "$python"
	exit
fi
say() { echo "compat/install.sh: $*" >&2; }
command -v python3 >/dev/null || { say "python3 is missing"; exit 1; }
if [ -z "${PREMIX_TORCH_INDEX:-}" ]; then
	for tool in cc readelf; do
		command -v $tool >/dev/null || { say "$tool is missing (gcc and binutils have it); or set PREMIX_TORCH_INDEX"; exit 1; }
	done
fi
# One installation at a time: two would write into each other. The lock goes with the process.
mkdir -p "$(dirname "$dir")"
if [ -z "${PREMIX_COMPAT_LOCKED:-}" ] && command -v flock >/dev/null; then
	exec env PREMIX_COMPAT_LOCKED=1 flock "$dir.lock" "$0" "$dir"
fi
say "installing into $dir"
{
	rm -rf "$dir"
	python3 -m venv "$dir" || { say "python3 -m venv failed (Debian: apt-get install python3-venv)"; exit 1; }
	pip="$python -m pip --disable-pip-version-check --quiet"
	$pip install -r "$here/requirements.txt" -c "$here/constraints.txt"
	if [ -n "${PREMIX_TORCH_INDEX:-}" ]; then
		$pip install --no-deps --index-url "$PREMIX_TORCH_INDEX" $(grep '^torch' "$here/requirements-nodeps.txt")
		$pip install --no-deps $(grep -v '^#\|^torch' "$here/requirements-nodeps.txt")
	else
		$pip install --no-deps -r "$here/requirements-nodeps.txt"
		"$python" "$here/cpu_torch.py"
	fi
} >&2
echo "$hash" >"$dir/premix-compat"
echo "$python"
