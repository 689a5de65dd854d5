"""One training and one evaluation pass with webdataset and PyTorch, on 2 ranks with 2 workers each.

usage: train_webdataset.py OUT        (an output of premix with the splits train and validation)
"""
import glob
import json
import os
import sys
import tempfile

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import webdataset as wds

RANKS, WORKERS, BATCH = 2, 2, 8


def shards(out, split):
    return sorted(glob.glob(os.path.join(out, f"*-{split}-*.tar")))


def pixels(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def pair(meta):
    """The soft label as (label_a, label_b, weight of label_a)."""
    return torch.tensor(meta["mix"])


def loader(out, split, *fields):
    # split_by_node gives each rank its shards, split_by_worker each worker its share of them:
    # there must be at least ranks × workers shards.
    data = wds.WebDataset(shards(out, split), nodesplitter=wds.split_by_node, shardshuffle=False).decode("pil")
    data = data.to_tuple(*fields).map_tuple(pixels, *([pair] if "json" in fields else []))
    return torch.utils.data.DataLoader(data, batch_size=BATCH, num_workers=WORKERS)


def rank_main(rank, out, meeting, result):
    # The loaders' worker processes learn their rank from here (torchrun sets both).
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(RANKS))
    dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=RANKS)
    torch.manual_seed(0)
    with open(os.path.join(out, "__premix__/train/classes.txt")) as f:
        classes = len(f.read().splitlines())
    first = next(iter(loader(out, "train", "jpg;png", "json")))[0]
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(first[0].numel(), classes))
    model = torch.nn.parallel.DistributedDataParallel(model)
    opt = torch.optim.SGD(model.parameters(), lr=0.01)

    losses, seen, lam_sum = [], 0, 0.0
    for images, mix in loader(out, "train", "jpg;png", "json"):
        a, b, lam = mix[:, 0].long(), mix[:, 1].long(), mix[:, 2]
        scores = model(images / 255.0)
        loss = (lam * torch.nn.functional.cross_entropy(scores, a, reduction="none")
                + (1 - lam) * torch.nn.functional.cross_entropy(scores, b, reduction="none")).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
        seen += len(images)
        lam_sum += lam.double().sum().item()

    right = total = 0
    with torch.no_grad():
        for images, label in loader(out, "validation", "jpg;png", "cls"):
            right += (model(images / 255.0).argmax(1) == label).sum().item()
            total += len(images)
    counts = torch.tensor([seen, lam_sum, right, total], dtype=torch.float64)
    dist.all_reduce(counts)
    if rank == 0:
        seen, lam_sum, right, total = counts.tolist()
        with open(result, "w") as f:
            json.dump({"reader": "webdataset", "ranks": RANKS, "workers": WORKERS, "train": int(seen), "lam_sum": lam_sum,
                       "first_loss": losses[0], "last_loss": losses[-1], "validation": int(total), "right": int(right)}, f)
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as tmp:
        result = os.path.join(tmp, "result")
        mp.spawn(rank_main, (sys.argv[1], os.path.join(tmp, "meeting"), result), nprocs=RANKS)
        print(open(result).read())
