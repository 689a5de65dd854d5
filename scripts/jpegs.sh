#!/usr/bin/env bash
# Compares the JPEG decoder with Pillow and with libjpeg-turbo's programs:
#
#	scripts/jpegs.sh [DAMAGED [MADE]]     DAMAGED damaged photographs, and MADE intact files that are made for it (6000, 20000)
#	scripts/jpegs.sh rewrite              writes imaging/jpeg/testdata/damaged.tsv anew, which the tests use
#
# Needs djpeg, cjpeg and jpegtran (Debian: apt-get install libjpeg-turbo-progs), the photographs of ../shared/data, and a
# Python with Pillow: $PREMIX_JPEG_PYTHON, or else that of compat/install.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in djpeg cjpeg jpegtran; do
	command -v $tool >/dev/null || { echo "jpegs.sh: $tool is missing (Debian: apt-get install libjpeg-turbo-progs)" >&2; exit 1; }
done
PREMIX_JPEG_PYTHON=${PREMIX_JPEG_PYTHON:-$(compat/install.sh)}
export PREMIX_JPEG_PYTHON PREMIX_REQUIRE_SHARED=1
if [ "${1:-}" = rewrite ]; then
	PREMIX_JPEG_REWRITE=1 exec go test ./imaging/jpeg -run '^TestDamaged$' -count 1 -v
fi
PREMIX_JPEG_DAMAGED=${1:-6000} PREMIX_JPEG_MADE=${2:-20000} \
	exec go test -tags oracles ./imaging/jpeg -run '^(TestDamaged|TestDamagedPhotographs|TestMade|TestPillow.*)$' -count 1 -timeout 2h -v
