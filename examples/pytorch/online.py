"""Mixes online, while training: by the plan of an output, or by the peaks of a cache.

usage: online.py OUT IN              (the plan of an output, made with --plan-only or not; IN the folder that was --in)
       online.py CACHE/FINGERPRINT IN          (crops and peaks of a cache; pairs and λ are drawn here)

By a plan, samples have the pixels that the output has before they are encoded, a replica an epoch. By peaks, SaliencyMix is done
inside each batch, and each epoch has other pairs and λ; the cache must hold this input alone. Needs premix_shards[torch].
"""
import json
import os
import sys

import torch

from premix_shards.torch import PeaksDataset, PlannedDataset, PlanOrderSampler, SaliencyMixCollate


def loader(place, root, batch=8, workers=2):
    """A data set and its loader."""
    if os.path.exists(os.path.join(place, "fingerprint.json")):
        data = PeaksDataset(place, root)
        order, collate = torch.utils.data.RandomSampler(data, generator=torch.Generator().manual_seed(0)), SaliencyMixCollate()
    else:
        data = PlannedDataset(place, root)
        order, collate = PlanOrderSampler(data), None  # neighbours share an image: one decode a sample
    return data, torch.utils.data.DataLoader(data, batch, sampler=order, collate_fn=collate, num_workers=workers, persistent_workers=workers > 0)


def main(place, root):
    try:
        data, batches = loader(place, root)
    except (FileNotFoundError, ValueError) as e:
        raise SystemExit(f"{e}\nusage: online.py OUT IN, or online.py CACHE/FINGERPRINT IN")
    torch.manual_seed(0)
    model, seen, lam_sum, losses = None, 0, 0.0, []
    for epoch in range(data.replicas):
        data.set_epoch(epoch)  # workers that live on see it, too
        for b in batches:
            if model is None:
                model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(b["image"][0].numel(), 1000))
                opt = torch.optim.SGD(model.parameters(), lr=0.01)
            scores, lam = model(b["image"] / 255.0), b["lam"].float()
            loss = (lam * torch.nn.functional.cross_entropy(scores, b["label_a"], reduction="none")
                    + (1 - lam) * torch.nn.functional.cross_entropy(scores, b["label_b"], reduction="none")).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
            seen += len(lam)
            lam_sum += b["lam"].sum().item()
    print(json.dumps({"reader": type(data).__name__, "epochs": data.replicas, "train": seen, "lam_sum": lam_sum,
                      "first_loss": losses[0], "last_loss": losses[-1]}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__[__doc__.index("usage:"):].partition("\n\n")[0])
    main(*sys.argv[1:])
