"""One training and one evaluation pass with timm's own data set and loader.

timm reads integer targets from WebDataset unless it is told which field of the json member to take. A bare list does not
collate, so a target transform turns "mix" into a dense vector, smoothed as the output is. Validation uses the integer label.
timm's own label smoothing and mixing stay off: that is done already.

usage: train.py OUT        (an output of premix with the splits train and validation)
"""
import json
import os
import sys

import torch
from timm.data import create_dataset, create_loader
from timm.loss import SoftTargetCrossEntropy

out = sys.argv[1]
classes = len(open(os.path.join(out, "__premix__/train/classes.txt")).read().splitlines())
smoothing = json.load(open(os.path.join(out, "__premix__/train/config.json")))["recipe"].get("smoothing", 0.0)  # "lam" is never smoothed
size = json.load(open(os.path.join(out, "__premix__/train/manifest.json")))["output"]["size"]


def dense(mix):
    a, b, lam = mix
    y = torch.zeros(classes)
    y[int(a)] += lam
    y[int(b)] += 1 - lam
    return (1 - smoothing) * y + smoothing / classes


train = create_dataset("wds/premix", root=out, split="train", is_training=True, batch_size=8, target_key="mix",
                       target_transform=dense, num_samples=None, repeats=0)
val = create_dataset("wds/premix", root=out, split="validation", is_training=False, batch_size=8)
common = dict(input_size=(3, *size), batch_size=8, num_workers=1, use_prefetcher=False, device=torch.device("cpu"), persistent_workers=False)
# no_aug: a crop in the trainer would make λ wrong.
train_loader = create_loader(train, is_training=True, no_aug=True, **common)
val_loader = create_loader(val, is_training=False, crop_pct=1.0, **common)

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * size[0] * size[1], classes))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
loss_of = SoftTargetCrossEntropy()
losses, seen, soft, least = [], 0, 0.0, 1.0
for images, target in train_loader:
    loss = loss_of(model(images), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    losses.append(loss.item())
    seen += len(images)
    soft += target.sum().item()
    least = min(least, target.min().item())

right = total = 0
with torch.no_grad():
    for images, label in val_loader:
        right += (model(images).argmax(1) == label).sum().item()
        total += len(images)
print(json.dumps({"reader": "timm", "train": seen, "soft_sum": soft, "soft_least": least, "first_loss": losses[0], "last_loss": losses[-1], "validation": total, "right": right}))
