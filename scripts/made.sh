#!/usr/bin/env bash
# Makes many files of a kind by a script, some of them damaged, and compares what premix reads of them with what another
# program reads:
#
#	scripts/made.sh KIND COUNT [SEED]
#
#	pictures   every kind of picture but JPEG, with Pillow
#	tars       with Python's tarfile
#	zips       with Python's zipfile
#	records    TFRecord files, with TensorFlow's tf.data
#	parquets   with pyarrow
#
# Go's tests compare a small archive of each kind, which is committed beside the script that made it.
set -euo pipefail
cd "$(dirname "$0")/.."
install=compat/install.sh
case "${1:-}" in
  pictures) install=bench/python.sh script=imaging/testdata/made.py test=TestMade ;;
  tars) script=io/source/testdata/tars.py test=TestMadeTars ;;
  zips) script=io/zipfile/testdata/made.py test=TestMade ;;
  records) script=io/source/testdata/records.py test=TestMadeRecords ;;
  parquets) script=io/hfparquet/testdata/made.py test=TestMade ;;
  *) echo "usage: scripts/made.sh pictures|tars|zips|records|parquets COUNT [SEED]" >&2; exit 2 ;;
esac
python=$($install)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$script" "$2" "${3:-1}" "$work/made.zip"
PREMIX_MADE="$work/made.zip" go test "./${script%%/testdata/*}" -run "^$test\$" -count=1 -timeout 1h -v
