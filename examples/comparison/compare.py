"""Trains one small ResNet on class folders, without mixing and with each method, and prints what it found.

usage: compare.py IN [--premix premix] [--quick] [--epochs 20] [--size 64] [--seeds 0,1,2] [--per-class N] [--device cpu]
                  [--rows none,cutmix,…] [--out DIR] [--work DIR]

IN is a folder of class folders; every fifth image of a class, by name, is held out for validation. The rows:

    none, cutmix, mixup, resizemix, saliencymix    other replicas in each epoch: all have the same crops, pairs and drawn λ
    saliencymix-1, -3, -10                         the same, but only so many replicas, which epochs read in turn
    saliencymix-batch                              SaliencyMixCollate: pairs of each batch, crops of each epoch's replica

All are read by premix_shards.torch, so pixels are those of shards with --encode png; what JPEG costs is not in it. A seed is that
of the model, of the plans and of the order. --quick takes 4 epochs, pictures of 32 pixels and 100 images a class. Writes
results.json, table.md and curves.svg to --out after each training, and prints the table: accuracy on the held out images after
the last epoch, in per cent, mean ± standard deviation over the seeds. It says what it ran, on these images, and nothing else.
The same command again trains what --out does not have yet, so a run can be stopped, and seeds and rows added.
"""
import argparse
import glob
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from torch.utils.data import DataLoader

from premix_shards.torch import PeaksDataset, PlannedDataset, PlanOrderSampler, SaliencyMixCollate

METHODS = ("none", "cutmix", "mixup", "resizemix", "saliencymix")
ROWS = METHODS + ("saliencymix-1", "saliencymix-3", "saliencymix-10", "saliencymix-batch")


class Block(torch.nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        norm, conv = torch.nn.BatchNorm2d, torch.nn.Conv2d
        self.body = torch.nn.Sequential(conv(before, width, 3, stride, 1, bias=False), norm(width), torch.nn.ReLU(), conv(width, width, 3, 1, 1, bias=False), norm(width))
        self.side = torch.nn.Sequential(conv(before, width, 1, stride, bias=False), norm(width)) if stride != 1 or before != width else torch.nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.side(x))


class ResNet(torch.nn.Module):
    """Eight blocks in four stages (He et al., 2016), a quarter as wide as ResNet-18; takes uint8 pictures."""

    def __init__(self, classes, width=16):
        super().__init__()
        blocks = [torch.nn.Conv2d(3, width, 3, 2, 1, bias=False), torch.nn.BatchNorm2d(width), torch.nn.ReLU()]
        before = width
        for stage in range(4):
            for i in range(2):
                blocks.append(Block(before, width << stage, 2 if stage and not i else 1))
                before = width << stage
        self.body, self.head = torch.nn.Sequential(*blocks), torch.nn.Linear(before, classes)
        self.register_buffer("mean", torch.tensor([123.7, 116.3, 103.5]).view(3, 1, 1))

    def forward(self, x):
        return self.head(self.body((x.float() - self.mean) / 58).mean((2, 3)))


def split(root, work, per_class):
    """Links to the images in two folders: every fifth of a class is held out."""
    for folder in sorted(f for f in os.listdir(root) if os.path.isdir(os.path.join(root, f))):
        files = sorted(f for f in glob.glob(os.path.join(glob.escape(os.path.join(root, folder)), "*")) if os.path.isfile(f))
        if len(files[:per_class or None]) < 5:
            raise SystemExit(f"{os.path.join(root, folder)} gives {len(files[:per_class or None])} images: a class needs five, of which one is held out")
        for i, path in enumerate(files[:per_class or None]):
            to = os.path.join(work, "held-out" if i % 5 == 4 else "train", folder)
            os.makedirs(to, exist_ok=True)
            os.symlink(os.path.abspath(path), os.path.join(to, os.path.basename(path)))


def plan(args, where, out, *options):
    if not os.path.exists(out):
        made = subprocess.run([args.premix, "mix", "--in", where, "--out", out, "--plan-only", "--size", str(args.size), "--cache", os.path.join(args.work, "cache"),
                               "--progress", "none", *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if made.returncode:
            raise SystemExit(f"premix mix ended with exit code {made.returncode}:\n{made.stderr}")
    return out


def loader(args, row, seed):
    """A loader, and what chooses its epoch."""
    train, maps = os.path.join(args.work, "train"), os.path.join(args.work, "maps")
    common = {"batch_size": args.batch, "num_workers": args.workers, "persistent_workers": args.workers > 0, "drop_last": True, "pin_memory": args.device.startswith("cuda")}
    method, _, kind = row.partition("-")
    out = plan(args, train, os.path.join(args.work, f"{method}-{seed}"), "--method", method, "--replicas", str(args.epochs), "--seed", str(seed))
    if kind == "batch":
        cache, = glob.glob(os.path.join(args.work, "cache", "*", "fingerprint.json"))  # crops of training; those held out are elsewhere
        data = PeaksDataset(os.path.dirname(cache), train, maps=maps)
        order = torch.utils.data.RandomSampler(data, generator=torch.Generator().manual_seed(seed))
        return DataLoader(data, sampler=order, collate_fn=SaliencyMixCollate(seed), **common), data.set_epoch
    data = PlannedDataset(out, train, cache=maps)
    order = PlanOrderSampler(data, block=1 if kind else 0, seed=seed)  # few replicas: another order in each epoch
    replicas = int(kind or args.epochs)

    def set_epoch(epoch):
        data.set_epoch(epoch % replicas)
        order.set_epoch(epoch)
    return DataLoader(data, sampler=order, **common), set_epoch


def accuracy(model, pictures, labels, batch):
    model.eval()
    with torch.no_grad():
        right = sum((model(x).argmax(1) == y).sum().item() for x, y in zip(pictures.split(batch), labels.split(batch)))
    model.train()
    return 100 * right / len(labels)


def train(args, row, seed, held_out):
    """The accuracy after each epoch."""
    torch.manual_seed(seed)
    random.seed(seed)
    model = ResNet(args.classes).to(args.device)
    batches, set_epoch = loader(args, row, seed)
    if not len(batches):
        raise SystemExit(f"fewer training images than one batch of {args.batch}: --batch is smaller")
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=max(args.epochs * len(batches), 20), pct_start=0.1)
    cross_entropy, curve = torch.nn.CrossEntropyLoss(reduction="none"), []
    for epoch in range(args.epochs):
        set_epoch(epoch)
        for b in batches:
            b["lam"] = b["lam"].float()  # before it goes to a device, which may have no float64
            b = {name: b[name].to(args.device, non_blocking=True) for name in ("image", "label_a", "label_b", "lam")}
            scores, lam = model(b["image"]), b["lam"]
            loss = (lam * cross_entropy(scores, b["label_a"]) + (1 - lam) * cross_entropy(scores, b["label_b"])).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        curve.append(accuracy(model, *held_out, args.batch))
    return curve


def svg(curves):
    """The mean accuracy of each row by epoch."""
    epochs, top = len(next(iter(curves.values()))), max(max(c) for c in curves.values()) or 1
    colours = ["#888", "#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#f4a6d2", "#c56aa0", "#8a3a68", "#000"]
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" font-family="sans-serif" font-size="12">', '<path d="M40 10V330H480" fill="none" stroke="#444"/>',
             f'<text x="4" y="20">{top:.0f} %</text><text x="4" y="334">0 %</text><text x="400" y="350">epoch {epochs}</text>']
    for i, (row, curve) in enumerate(curves.items()):
        points = " ".join(f"{40 + 440 * (e + 1) / epochs:.1f},{330 - 310 * v / top:.1f}" for e, v in enumerate(curve))
        lines.append(f'<polyline points="40,330 {points}" fill="none" stroke="{colours[i % 9]}"/><text x="490" y="{24 + 18 * i}" fill="{colours[i % 9]}">{row}</text>')
    return "\n".join(lines + ["</svg>", ""])


def begun(out, about):
    """The curves of an earlier run of the same comparison in this folder: {row: {seed: accuracy after each epoch}}."""
    path = os.path.join(out, "results.json")
    if not os.path.exists(path):
        return {}
    try:
        with open(path) as f:
            old = json.load(f)
        results = old.pop("accuracy")
        whole = all(len(curve) == old["epochs"] and all(0 <= a <= 100 for a in curve) for curves in results.values() for curve in curves.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise SystemExit(f"{path} is damaged, or of an earlier version: choose another --out or remove it")
    if old != about:
        raise SystemExit(f"{path} is of another comparison ({', '.join(k for k in {**old, **about} if old.get(k) != about.get(k))}): choose another --out or remove it")
    return results


def write(out, about, results):
    """Writes results.json, table.md and curves.svg; returns the table."""
    table = ["| row | accuracy, % |", "|---|---|"]
    for row, curves in results.items():
        last = [c[-1] for c in curves.values()]
        table.append(f"| {row} | {statistics.mean(last):.1f}" + (f" ± {statistics.stdev(last):.1f}" if len(last) > 1 else "") + " |")
    table = "\n".join(table) + "\n"
    for name, text in (("results.json", json.dumps({**about, "accuracy": results}, indent=1)), ("table.md", table),
                       ("curves.svg", svg({row: [statistics.mean(v) for v in zip(*curves.values())] for row, curves in results.items()}))):
        with open(os.path.join(out, name + ".tmp"), "w") as f:
            f.write(text)
        os.replace(f.name, os.path.join(out, name))
    return table


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("root", metavar="IN")
    p.add_argument("--premix", default="premix")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--epochs", type=int)
    p.add_argument("--size", type=int)
    p.add_argument("--per-class", type=int)
    p.add_argument("--seeds", default="0")
    p.add_argument("--rows", default=",".join(ROWS))
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--device", default="cpu")
    p.add_argument("--out", default="comparison")
    p.add_argument("--work")
    args = p.parse_args()
    args.epochs = args.epochs or (4 if args.quick else 20)
    args.size = args.size or (32 if args.quick else 64)
    args.per_class = args.per_class or (100 if args.quick else 0)
    rows, seeds = args.rows.split(","), [int(s) for s in args.seeds.split(",")]
    unknown = [r for r in rows if r not in ROWS]
    if unknown:
        raise SystemExit(f"--rows {unknown[0]}: there are {', '.join(ROWS)}")
    os.makedirs(args.out, exist_ok=True)
    if args.work:
        os.makedirs(args.work, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="premix-comparison-", dir=args.work) as args.work:
        split(args.root, args.work, args.per_class)
        where = os.path.join(args.work, "held-out")
        centre = plan(argparse.Namespace(**{**vars(args), "work": os.path.join(args.work, "centre")}), where, os.path.join(args.work, "validation"), "--method", "none", "--geometry", "center")
        held = PlannedDataset(centre, where, cache=os.path.join(args.work, "maps"))
        args.classes = held.classes
        items = [held[i] for i in range(len(held))]
        held_out = torch.stack([i["image"] for i in items]).to(args.device), torch.tensor([i["label_a"] for i in items], device=args.device)
        about = {"in": os.path.abspath(args.root), "train": sum(len(f) for _, _, f in os.walk(os.path.join(args.work, "train"))), "held_out": len(items), "epochs": args.epochs, "size": args.size, "batch": args.batch, "classes": args.classes}
        results = begun(args.out, about)
        table = write(args.out, about, results) if results else ""
        for seed in seeds:
            for row in rows:
                if str(seed) not in results.setdefault(row, {}):
                    began = time.time()
                    results[row][str(seed)] = train(args, row, seed, held_out)
                    print(f"{row}, seed {seed}: {results[row][str(seed)][-1]:.1f} % after {time.time() - began:.0f} s", file=sys.stderr, flush=True)
                    table = write(args.out, about, results)
    print(table, end="")


if __name__ == "__main__":
    main()
