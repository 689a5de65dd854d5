"""One training and one evaluation pass with Hugging Face datasets on Parquet shards.

usage: train.py OUT        (an output of premix mix --format parquet, with the splits train and validation)
"""
import json
import os
import sys
import tempfile

import numpy as np
import torch
from datasets import load_dataset

out = sys.argv[1]
with tempfile.TemporaryDirectory() as cache:
    data = load_dataset(os.path.abspath(out), cache_dir=cache)
    classes = data["train"].features["label"].num_classes

    def batches(split):
        for batch in data[split].iter(batch_size=8):
            images = np.stack([np.array(i.convert("RGB")) for i in batch["image"]])
            yield torch.from_numpy(images).permute(0, 3, 1, 2) / 255.0, batch

    first = next(batches("train"))[0]
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(first[0].numel(), classes))
    opt = torch.optim.SGD(model.parameters(), lr=0.01)
    losses, seen, lam_sum = [], 0, 0.0
    for images, b in batches("train"):
        lam = torch.tensor(b["lam"], dtype=torch.float32)
        scores = model(images)
        loss = (lam * torch.nn.functional.cross_entropy(scores, torch.tensor(b["label_a"]), reduction="none")
                + (1 - lam) * torch.nn.functional.cross_entropy(scores, torch.tensor(b["label_b"]), reduction="none")).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
        seen += len(images)
        lam_sum += float(np.sum(b["lam"]))
    right = total = 0
    with torch.no_grad():
        for images, b in batches("validation"):
            right += (model(images).argmax(1) == torch.tensor(b["label"])).sum().item()
            total += len(images)
    print(json.dumps({"reader": "datasets", "train": seen, "lam_sum": lam_sum, "first_loss": losses[0], "last_loss": losses[-1], "validation": total, "right": right}))
