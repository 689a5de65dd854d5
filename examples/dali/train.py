"""One training and one evaluation pass with NVIDIA DALI on the CPU, reading WebDataset shards with their indexes.

usage: train.py OUT        (an output of premix with the splits train and validation)
"""
import glob
import json
import os
import sys

import numpy as np
import torch
from nvidia.dali import fn, pipeline_def, types

out = sys.argv[1]
manifest = {s: json.load(open(os.path.join(out, f"__premix__/{s}/manifest.json"))) for s in ("train", "validation")}
classes, size = manifest["train"]["output"]["classes"]["count"], manifest["train"]["output"]["size"]
smoothing = json.load(open(os.path.join(out, "__premix__/train/config.json")))["recipe"].get("smoothing", 0.0)  # "lam" is never smoothed
BATCH = 8


@pipeline_def(batch_size=BATCH, num_threads=1, device_id=None)
def reader(split):
    tars = sorted(glob.glob(os.path.join(out, f"*-{split}-*.tar")))
    idx = [os.path.join(out, "__index__", os.path.basename(t)[:-4] + ".idx") for t in tars]
    jpg, meta = fn.readers.webdataset(paths=tars, index_paths=idx, ext=["jpg", "json"], dtypes=[types.UINT8, types.UINT8],
                                      missing_component_behavior="error", name="reader")
    return fn.decoders.image(jpg, device="cpu", adjust_orientation=False), fn.pad(meta)


def batches(split):
    pipe = reader(split)
    pipe.build()
    left = pipe.epoch_size("reader")
    while left > 0:
        images, meta = pipe.run()
        n = min(left, BATCH)  # the last batch is filled up with samples of the next epoch
        left -= n
        images = torch.from_numpy(np.stack([np.asarray(images[i]) for i in range(n)])).permute(0, 3, 1, 2) / 255.0
        records = [json.loads(bytes(np.asarray(meta[i])).rstrip(b"\0")) for i in range(n)]
        yield images, records


torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * size[0] * size[1], classes))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
losses, seen, lam_sum, least = [], 0, 0.0, 1.0
for images, records in batches("train"):
    y = torch.zeros(len(records), classes)
    for i, r in enumerate(records):
        y[i, r["label_a"]] += r["lam"]
        y[i, r["label_b"]] += 1 - r["lam"]
        lam_sum += r["lam"]
    y = (1 - smoothing) * y + smoothing / classes
    least = min(least, y.min().item())
    loss = torch.nn.functional.cross_entropy(model(images), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    losses.append(loss.item())
    seen += len(records)
right = total = 0
with torch.no_grad():
    for images, records in batches("validation"):
        right += sum(int(p == r["label"]) for p, r in zip(model(images).argmax(1).tolist(), records))
        total += len(records)
print(json.dumps({"reader": "dali", "train": seen, "lam_sum": lam_sum, "soft_least": least, "first_loss": losses[0], "last_loss": losses[-1], "validation": total, "right": right}))
