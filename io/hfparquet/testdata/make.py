"""Writes the files of this folder with datasets 5.2.0 and pyarrow 26.0.1: four tiny images and their labels."""
import io

import datasets
import numpy as np
import pyarrow.parquet as pq
from PIL import Image

def png(i):
    out = io.BytesIO()
    Image.fromarray(np.full((2, 3, 3), 40 * i, "uint8")).save(out, "PNG")
    return out.getvalue()

features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["daisy", "rosé"])})
rows = {"image": [{"bytes": png(i), "path": f"n{i}.png"} for i in range(4)], "label": [0, 1, None, 1]}
datasets.Dataset.from_dict(rows, features=features).to_parquet("datasets.parquet", batch_size=3)
table = pq.read_table("datasets.parquet")
for codec in ["zstd", "gzip", "brotli", "lz4"]:
    pq.write_table(table, f"{codec}.parquet", compression=codec, row_group_size=3, data_page_version="2.0" if codec == "zstd" else "1.0")
