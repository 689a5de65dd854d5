"""How many peaks of a cache are in the outermost row or column of a crop of 224 × 224. usage: rim.py CACHE (needs pyarrow)"""
import glob
import sys

import pyarrow.parquet

peaks, rim = {}, 0
for file in sorted(glob.glob(sys.argv[1] + "/*/*.parquet")):
    for row in pyarrow.parquet.read_table(file, columns=["name", "replica", "peak_row", "peak_col", "flat", "failure_kind"]).to_pylist():
        if not row["failure_kind"] and not row["flat"]:
            peaks[row["name"], row["replica"]] = row["peak_row"], row["peak_col"]
for y, x in peaks.values():
    rim += min(y, x, 223 - y, 223 - x) == 0
print(f"{rim} of {len(peaks)} peaks, {rim / len(peaks):.0%}, are at the rim")
