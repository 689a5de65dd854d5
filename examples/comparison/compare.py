"""Compares mixing methods, and numbers of pre-mixed replicas, by training small networks on class folders.

usage: compare.py TRAIN VALIDATION [--out DIR] [--size 64] [--epochs 20] [--replicas 1,3,10] [--seeds 1] [--quick]
                  [--methods none,cutmix,mixup,resizemix,saliencymix] [--device cpu] [--premix premix] [--mix-flags FLAGS]

TRAIN and VALIDATION hold a folder for each class. For each seed premix mixes TRAIN by all methods in one pass, in as many
replicas as there are epochs: the methods have the same pairs, drawn λ and crops. Then one network is trained for each method
and row:

    K           epoch e reads replica e mod K: K replicas, mixed once and read again and again. K = --epochs is a row too,
                in which no sample occurs twice
    online      mixed in the loader, other pairs and λ in each epoch: saliencymix by premix_shards.torch's
                SaliencyMixCollate, cutmix and mixup by torchvision's; crops as in K = --epochs. resizemix has no such row

All trainings of a seed begin with the same weights, and differ in the samples alone. The program adds no augmentation of its
own. It writes DIR/results.json after each training, and goes on from it; at the end DIR/table.md and DIR/plot.png: validation
accuracy after the last epoch, mean and standard deviation over seeds. --quick: 100 images of each class, 6 epochs, K 1 and 3.
Needs PyTorch, torchvision, webdataset, Pillow, NumPy, pyarrow, Matplotlib, and premix-shards.
"""
import argparse
import glob
import io
import json
import os
import shlex
import statistics
import subprocess
import time

import numpy as np
import torch
import webdataset as wds
from PIL import Image
from torch import nn
from torch.nn import functional
from torchvision.transforms import v2

from premix_shards.torch import PeaksDataset, SaliencyMixCollate

METHODS = ("none", "cutmix", "mixup", "resizemix", "saliencymix")
ONLINE = 0  # the row that has no replicas
LOADERS = ("none", "cutmix", "mixup", "saliencymix")  # methods that a loader can do


def parser():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("train")
    p.add_argument("validation")
    p.add_argument("--out", default="comparison", help="folder of mixed data, results, table and plot")
    p.add_argument("--size", type=int, default=64, help="pixels of a side")
    p.add_argument("--epochs", type=int, default=20)
    p.add_argument("--replicas", type=numbers, default=[1, 3, 10], metavar="K,K", help="how many replicas are pre-mixed, a row each")
    p.add_argument("--methods", type=names, default=list(METHODS), metavar="NAME,NAME")
    p.add_argument("--seeds", type=int, default=1, help="how many: each has its own pairs, crops and weights")
    p.add_argument("--per-class", type=int, metavar="N", help="use the first N images of each class alone, in both sets")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--lr", type=float, default=0.1, help="at its highest, after a fifth of the training")
    p.add_argument("--width", type=int, default=32, help="channels of the first layers")
    p.add_argument("--device", default="cpu")
    p.add_argument("--workers", type=int, default=0, help="of the loader that mixes online")
    p.add_argument("--premix", default="premix", help="the program")
    p.add_argument("--mix-flags", default="", metavar="FLAGS", help="more flags of premix mix, in one argument")
    p.add_argument("--pack-flags", default="", metavar="FLAGS", help="more flags of premix pack, in one argument")
    p.add_argument("--quick", action="store_true", help="few images, few epochs")
    return p


def numbers(text):
    values = sorted({int(v) for v in text.split(",")})
    if values[0] < 1:
        raise argparse.ArgumentTypeError("the number of replicas is at least 1")
    return values


def names(text):
    for name in text.split(","):
        if name not in METHODS:
            raise argparse.ArgumentTypeError(f"{name} is unknown: use {', '.join(METHODS)}")
    return text.split(",")


def premix(args, *command):
    """Runs the program. What is made already it finds, and does nothing."""
    done = subprocess.run([args.premix, *command, "--size", str(args.size), "--progress", "none"], stdout=subprocess.DEVNULL)
    if done.returncode:  # it has said why
        raise SystemExit(done.returncode)


def few(root, n, to):
    """Class folders with links to the first n images of each class, by name."""
    for name in sorted(os.listdir(root)):
        if os.path.isdir(os.path.join(root, name)):
            os.makedirs(os.path.join(to, name), exist_ok=True)
            for image in sorted(os.listdir(os.path.join(root, name)))[:n]:
                place = os.path.join(to, name, image)
                if not os.path.lexists(place):
                    os.symlink(os.path.abspath(os.path.join(root, name, image)), place)
    return to


def mixed(args, seed):
    """The folder of the outputs of all methods, with a replica for each epoch, and that of the crops and peaks."""
    out, cache = (os.path.join(args.out, f"seed{seed}", name) for name in ("mixed", "cache"))
    variants = [f"--variant={method}:--method {method}" for method in args.methods]
    premix(args, "mix", "--in", args.train, "--out", out, *variants, "--seed", str(seed), "--crop-seed", str(seed), "--replicas",
           str(args.epochs), "--encode", "jpeg:95", "--indexes", "", "--cache", cache, *shlex.split(args.mix_flags))
    settings, = glob.glob(os.path.join(glob.escape(cache), "*", "fingerprint.json"))
    return out, os.path.dirname(settings)


def packed(args):
    """The validation set, cropped in the middle."""
    out = os.path.join(args.out, "validation")
    premix(args, "pack", "--in", args.validation, "--out", out, "--cache", os.path.join(args.out, "cache"), *shlex.split(args.pack_flags))
    return out


def load(out, split, replica=None):
    """The pictures of a replica, N×3×H×W in uint8, and their labels: label_a, label_b, λ."""
    part = f"{split}-r{replica:03d}" if replica is not None else split
    urls = sorted(glob.glob(os.path.join(glob.escape(out), f"premix-{part}-*.tar")))
    pictures, labels = [], []
    for sample in wds.WebDataset(urls, shardshuffle=False, empty_check=False):
        picture = np.asarray(Image.open(io.BytesIO(sample["jpg"])))
        pictures.append(torch.from_numpy(picture.copy()).permute(2, 0, 1))
        labels.append(json.loads(sample["json"])["mix"])
    return torch.stack(pictures), torch.tensor(labels, dtype=torch.float64)


class Block(nn.Module):
    """The basic block of a residual network (He et al. 2016, figure 2)."""

    def __init__(self, into, channels, stride):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(into, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
                                  nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))
        self.short = nn.Identity()
        if stride != 1 or into != channels:
            self.short = nn.Sequential(nn.Conv2d(into, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return functional.relu(self.body(x) + self.short(x))


def network(classes, size, width):
    """A residual network of three stages; pictures above 32 pixels are made smaller first."""
    first = 1 if size <= 32 else 2
    return nn.Sequential(nn.Conv2d(3, width, 3, first, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                         Block(width, width, 1), Block(width, 2 * width, 2), Block(2 * width, 4 * width, 2),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, classes))


def floats(pictures, device):
    return pictures.to(device, torch.float32).sub_(127.5).div_(64)


def loss_of(scores, labels):
    """Cross-entropy with the labels (label_a, label_b, λ), N×3, or with shares of all classes, N×C in float32."""
    if labels.dtype == torch.float32:
        return functional.cross_entropy(scores, labels)
    a, b, lam = labels[:, 0].long(), labels[:, 1].long(), labels[:, 2].float()
    return (lam * functional.cross_entropy(scores, a, reduction="none") + (1 - lam) * functional.cross_entropy(scores, b, reduction="none")).mean()


class Replicas:
    """Batches of an output: epoch e reads replica e mod K."""

    def __init__(self, args, out, replicas, seed):
        self.args, self.out, self.replicas = args, out, replicas
        self.order = torch.Generator().manual_seed(seed)
        self.held = {}  # replicas that are read again

    def epoch(self, e):
        replica = e % self.replicas
        if replica not in self.held:
            data = load(self.out, "train", replica)
            if self.replicas < self.args.epochs:
                self.held[replica] = data
        pictures, labels = self.held.get(replica) or data
        for batch in torch.randperm(len(pictures), generator=self.order).split(self.args.batch):
            yield pictures[batch], labels[batch]


class Online:
    """Batches that are mixed in the loader, from crops and peaks of the cache."""

    def __init__(self, args, cache, method, seed, classes):
        self.data = PeaksDataset(cache, args.train, maps=os.path.join(args.out, "maps"))
        collate = SaliencyMixCollate(seed, prob=float(method == "saliencymix"))
        self.loader = torch.utils.data.DataLoader(self.data, args.batch, shuffle=True, collate_fn=collate, num_workers=args.workers,
                                                  generator=torch.Generator().manual_seed(seed))
        self.mix = {"cutmix": v2.CutMix, "mixup": v2.MixUp}[method](num_classes=classes) if method in ("cutmix", "mixup") else None

    def epoch(self, e):
        self.data.set_epoch(e)
        for batch in self.loader:
            if self.mix:
                yield self.mix(batch["image"].float(), batch["label_a"])
            else:
                yield batch["image"], torch.stack([batch["label_a"].double(), batch["label_b"].double(), batch["lam"]], 1)


def accuracy(model, pictures, labels, device):
    model.eval()
    right = 0
    with torch.no_grad():
        for i in range(0, len(pictures), 256):
            found = model(floats(pictures[i:i + 256], device)).argmax(1).cpu()
            right += int((found == labels[i:i + 256, 0].long()).sum())
    return right / len(pictures)


def train(args, seed, batches, images, validation, classes):
    """Trains one network, and returns its validation accuracy after the last epoch, and the last loss."""
    torch.manual_seed(seed)
    model = network(classes, args.size, args.width).to(args.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=args.epochs * -(-images // args.batch), pct_start=0.2)
    for epoch in range(args.epochs):
        model.train()
        for pictures, labels in batches.epoch(epoch):
            loss = loss_of(model(floats(pictures, args.device)), labels.to(args.device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return accuracy(model, *validation, args.device), float(loss.detach())


def rows(args):
    return [*args.replicas, args.epochs, ONLINE]


def row_name(replicas):
    return f"K = {replicas}" if replicas else "online"


def table(results, args):
    """Validation accuracy in per cent: a line for each row, a column for each method."""
    lines = ["| | " + " | ".join(args.methods) + " |", "|---" * (len(args.methods) + 1) + "|"]
    for replicas in rows(args):
        cells = []
        for method in args.methods:
            values = [100 * r["accuracy"] for r in results if r["method"] == method and r["replicas"] == replicas]
            cell = f"{statistics.mean(values):.1f}" if values else ""
            if replicas == ONLINE and method not in LOADERS:
                cell = "–"
            cells.append(cell + (f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""))
        lines.append(f"| {row_name(replicas)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def plot(results, args, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    names = rows(args)
    for method in args.methods:
        cells = [[100 * r["accuracy"] for r in results if r["method"] == method and r["replicas"] == k] for k in names]
        cells = [c for c in cells if c]  # the last row may be missing
        axes.errorbar(range(len(cells)), [statistics.mean(c) for c in cells], [statistics.pstdev(c) for c in cells], marker="o",
                      capsize=3, label=method)
    axes.set_xticks(range(len(names)), [row_name(k) for k in names])
    axes.set_ylabel("validation accuracy, %")
    axes.set_xlabel("replicas that are read in turn")
    axes.legend()
    figure.savefig(path, dpi=110)


def main():
    args = parser().parse_args()
    if args.quick:
        args.per_class, args.epochs, args.replicas = min(args.per_class or 100, 100), min(args.epochs, 6), [1, 3]
    args.replicas = [k for k in args.replicas if k < args.epochs]
    if args.epochs < 2:
        raise SystemExit("compare.py: --epochs: give at least 2")
    os.makedirs(args.out, exist_ok=True)
    done = os.path.join(args.out, "results.json")
    what = {k: v for k, v in vars(args).items() if k not in ("out", "premix", "quick", "seeds", "methods", "replicas", "device", "workers")}
    results = []
    if os.path.exists(done):
        with open(done) as f:
            before = json.load(f)
        if before["options"] != what:
            raise SystemExit(f"compare.py: {done} is of other options: give another --out")
        results = before["results"]
    if args.per_class:
        args.train, args.validation = (few(root, args.per_class, os.path.join(args.out, name)) for root, name in
                                       ((args.train, "few-train"), (args.validation, "few-validation")))
    validation = load(packed(args), "validation")
    for seed in range(args.seeds):
        out, cache = mixed(args, seed)
        for method in args.methods:
            with open(os.path.join(out, method, "__premix__", "train", "manifest.json")) as f:
                manifest = json.load(f)
            classes, images = manifest["output"]["classes"]["count"], manifest["replicas"][0]["samples"]
            for k in rows(args):
                if k == ONLINE and method not in LOADERS or any((r["seed"], r["method"], r["replicas"]) == (seed, method, k) for r in results):
                    continue
                begin = time.monotonic()
                batches = Replicas(args, os.path.join(out, method), k, seed) if k else Online(args, cache, method, seed, classes)
                right, loss = train(args, seed, batches, images, validation, classes)
                seconds = time.monotonic() - begin
                results.append({"seed": seed, "method": method, "replicas": k, "accuracy": right, "loss": loss, "seconds": round(seconds, 1)})
                with open(done + ".new", "w") as f:
                    json.dump({"options": what, "results": results}, f, indent=1)
                os.replace(done + ".new", done)
                print(f"seed {seed}  {method:12} {row_name(k):7} accuracy {right:.4f}  {seconds:.0f} s", flush=True)
    text = table(results, args)
    with open(os.path.join(args.out, "table.md"), "w") as f:
        f.write(text)
    print(text, end="")
    plot(results, args, os.path.join(args.out, "plot.png"))


if __name__ == "__main__":
    main()
