"""Data sets that mix online, while training: by the plan of an output, or by the peaks of a cache.

usage: online.py OUT IN              (the plan of an output, made with --plan-only or not; IN the folder that was --in)
       online.py CACHE/FINGERPRINT IN          (crops and peaks of a cache; pairs and λ are drawn here)

Planned gives the pixels that the output has before they are encoded, a replica an epoch. Peaks does SaliencyMix in the
default scheme with crops and peaks that were found before, and draws other pairs and λ in each epoch; the cache must hold
this input alone. IN holds class folders, or tars that are not compressed. Needs Pillow, NumPy, pyarrow and PyTorch.
"""
import glob
import io
import json
import math
import os
import sys

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image, ImageOps

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}


def read(root, name, offset, length):
    """The bytes of an entry: a file below root, or a part of a tar, which counts as a folder in names."""
    path = os.path.join(root, name)
    inside = not os.path.isfile(path)
    while inside and not os.path.isfile(path):
        path = os.path.dirname(path)
        if len(path) <= len(root):
            raise FileNotFoundError(f"{name}: neither a file nor in a tar below {root}")
    if inside and offset < 0:
        raise ValueError(f"{name}: {path} cannot be read at random: use tars that are not compressed")
    with open(path, "rb") as f:
        f.seek(offset if inside else 0)
        data = f.read(length if inside else -1)
    if len(data) != length:
        raise ValueError(f"{name}: {len(data)} bytes, the plan or cache says {length}: not the image it was made for")
    return data


def rgb(data, exif):
    """The image in RGB: alpha is laid on white, of 16 bits the upper 8 are taken."""
    im = Image.open(io.BytesIO(data))
    if exif == "apply":
        im = ImageOps.exif_transpose(im)
    if im.mode.startswith("I"):
        gray = (np.asarray(im).astype(np.uint32) >> 8).astype(np.uint8)
        return Image.fromarray(gray).convert("RGB")
    if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:
        p = np.asarray(im.convert("RGBA")).astype(np.uint32)
        a = p[..., 3:]
        return Image.fromarray(((p[..., :3] * a + 255 * (255 - a) + 127) // 255).astype(np.uint8))
    return im.convert("RGB")


class Crops:
    """Crops as premix makes them. Options are the recipe of an output, or the settings of a cache."""

    def __init__(self, root, options):
        self.root, self.options = root, options
        height, _, width = str(options["size"]).partition("x")
        self.h, self.w = int(height), int(width or height)
        self.resize = options["resize"]  # the shorter side before a crop, or none
        self.mode, *rest = options["geometry"].split(":")
        self.padding, self.edge = int(rest[0]) if rest else 0, "reflect" if rest[1:] else "constant"
        self.filter = FILTERS[options["interpolation"]]

    def __call__(self, name, offset, length, rect, flip):
        im = rgb(read(self.root, name, offset, length), self.options["exif"])
        if self.mode == "rrc":  # pixels outside of the rectangle take no part
            x, y, w, h = map(int, rect)
            im = im.crop((x, y, x + w, y + h)).resize((self.w, self.h), self.filter)
        elif self.mode == "squash":
            im = im.resize((self.w, self.h), self.filter)
        else:
            width, height = im.size
            r = min(width, height) if self.resize == "none" else int(self.resize)
            w, h = (r, int(r * height / width)) if width <= height else (int(r * width / height), r)
            x, y = round(rect[0] * w / width), round(rect[1] * h / height)  # the rectangle is in pixels of the original
            n = self.padding
            im = np.pad(np.asarray(im.resize((w, h), self.filter)), ((n, n), (n, n), (0, 0)), self.edge)
            im = im[y + n:y + n + self.h, x + n:x + n + self.w]
        pixels = np.array(im)
        return pixels[:, ::-1] if flip else pixels


class Planned(torch.utils.data.Dataset):
    """Samples (image, label_a, label_b, λ) by the plan of a split; set_epoch chooses the replica."""

    def __init__(self, out, root, split="train", transform=None):
        meta = os.path.join(out, "__premix__", split)
        with open(os.path.join(meta, "config.json")) as f:
            options = json.load(f)["recipe"]
        tables = [pq.read_table(path) for path in sorted(glob.glob(os.path.join(meta, "plan", "*.parquet")))]
        self.epochs = {}
        for table in tables:  # one a shard
            self.epochs.setdefault(table["replica"][0].as_py(), []).append(table)
        self.crops, self.transform = Crops(root, options), transform
        self.set_epoch(0)

    def set_epoch(self, epoch):
        """Epochs beyond the last replica begin again with the first."""
        replicas = sorted(self.epochs)
        self.tables = self.epochs[replicas[epoch % len(replicas)]]
        self.ends = np.cumsum([t.num_rows for t in self.tables])

    def __len__(self):
        return int(self.ends[-1])

    def row(self, i):
        shard = int(np.searchsorted(self.ends, i, side="right"))
        within = i - (int(self.ends[shard - 1]) if shard else 0)
        return self.tables[shard].slice(within, 1).to_pylist()[0]

    def crop(self, row, which):
        rect = [row[f"{which}_crop_{v}"] for v in "xywh"]
        return self.crops(row[which + "_name"], row[which + "_offset"], row[which + "_length"], rect, row[which + "_flip"])

    def pixels(self, row):
        """The mixed picture, of the bytes that the output has in its PNG."""
        target = self.crop(row, "target").copy()
        x0, y0, x1, y1 = row["box"]
        if row["method"] in ("saliencymix", "cutmix"):
            u0, v0, u1, v1 = row["src_box"]
            target[y0:y1, x0:x1] = self.crop(row, "source")[v0:v1, u0:u1]
        elif row["method"] == "resizemix":
            small = Image.fromarray(self.crop(row, "source")).resize((x1 - x0, y1 - y0), Image.BILINEAR)
            target[y0:y1, x0:x1] = np.asarray(small)
        elif row["method"] == "mixup":
            source = self.crop(row, "source").astype(np.float64)
            target = np.rint(row["lam"] * target + (1 - row["lam"]) * source).astype(np.uint8)
        elif row["method"] == "cutout":
            target[y0:y1, x0:x1] = 124, 116, 104
        return target

    def __getitem__(self, i):
        if not 0 <= i < len(self):
            raise IndexError(i)
        row = self.row(i)
        image = torch.from_numpy(self.pixels(row)).permute(2, 0, 1)
        return self.transform(image) if self.transform else image, row["target_label"], row["source_label"], row["lam"]


class Peaks(torch.utils.data.Dataset):
    """SaliencyMix by a cache of crops and peaks: samples (image, label_a, label_b, λ). Every epoch has another order, and
    other pairs and λ; crops are those of the cached replicas, one after the other."""

    def __init__(self, cache, root, alpha=1.0, seed=0, transform=None):
        with open(os.path.join(cache, "fingerprint.json")) as f:
            self.crops = Crops(root, json.load(f))
        rows = [r for path in sorted(glob.glob(os.path.join(cache, "*.parquet"))) for r in pq.read_table(path).to_pylist()]
        bad = {r["name"] for r in rows if r["failure_kind"]}
        self.epochs = {}
        for r in rows:
            if r["name"] not in bad:
                self.epochs.setdefault(r["replica"], {})[r["name"]] = r
        names = sorted({r["class"] for r in rows if r["class"]})
        self.labels = {c: i for i, c in enumerate(names)}
        self.alpha, self.seed, self.transform = alpha, seed, transform
        self.set_epoch(0)

    def set_epoch(self, epoch):
        replicas = sorted(self.epochs)
        self.rows = [r for _, r in sorted(self.epochs[replicas[epoch % len(replicas)]].items())]
        rng = np.random.default_rng((self.seed, epoch))
        self.order = rng.permutation(len(self.rows))
        self.lam = rng.beta(self.alpha, self.alpha, len(self.rows))

    def __len__(self):
        return len(self.rows)

    def crop(self, row):
        rect = [row["crop_" + v] for v in "xywh"]
        return self.crops(row["name"], row["offset"], row["length"], rect, row["flip"])

    def mixed(self, target, source, lam):
        """The picture of two rows of the cache and a drawn λ, and λ from the pixels that were pasted."""
        h, w = self.crops.h, self.crops.w
        row, col = (h // 2, w // 2) if source["flat"] else (source["peak_row"], source["peak_col"])
        half_h, half_w = int(h * math.sqrt(1 - lam)) // 2, int(w * math.sqrt(1 - lam)) // 2
        y0, y1, x0, x1 = max(row - half_h, 0), min(row + half_h, h), max(col - half_w, 0), min(col + half_w, w)
        picture = self.crop(target).copy()
        picture[y0:y1, x0:x1] = self.crop(source)[y0:y1, x0:x1]
        return picture, 1 - (y1 - y0) * (x1 - x0) / (h * w)

    def label(self, row):
        return self.labels[row["class"]] if row["label"] < 0 else row["label"]

    def __getitem__(self, i):
        if not 0 <= i < len(self):
            raise IndexError(i)
        target, source = self.rows[self.order[i]], self.rows[self.order[(i + 1) % len(self)]]
        picture, lam = self.mixed(target, source, self.lam[i])
        image = torch.from_numpy(picture).permute(2, 0, 1)
        return self.transform(image) if self.transform else image, self.label(target), self.label(source), lam


def kind(place):
    """The data set that a folder is for, or None."""
    if os.path.exists(os.path.join(place, "fingerprint.json")):
        return Peaks
    return Planned if glob.glob(os.path.join(glob.escape(place), "__premix__", "train", "plan", "*.parquet")) else None


def main(place, root):
    if not kind(place):
        below = [path for path in sorted(glob.glob(os.path.join(glob.escape(place), "*"))) if kind(path)]
        hint = f"; did you mean {below[0]}?" if below else ""
        raise SystemExit(f"{place} is neither an output with a plan (__premix__/train/plan) nor a cache of peaks (fingerprint.json){hint}")
    data = kind(place)(place, root)
    loader = torch.utils.data.DataLoader(data, batch_size=8, num_workers=2)
    torch.manual_seed(0)
    model, seen, lam_sum, losses = None, 0, 0.0, []
    for epoch in range(len(data.epochs)):
        data.set_epoch(epoch)  # before the loader starts its workers
        for images, a, b, lam in loader:
            if model is None:
                model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(images[0].numel(), 1000))
                opt = torch.optim.SGD(model.parameters(), lr=0.01)
            scores = model(images / 255.0)
            loss = (lam * torch.nn.functional.cross_entropy(scores, a, reduction="none")
                    + (1 - lam) * torch.nn.functional.cross_entropy(scores, b, reduction="none")).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
            seen += len(images)
            lam_sum += lam.double().sum().item()
    print(json.dumps({"reader": type(data).__name__, "epochs": len(data.epochs), "train": seen, "lam_sum": lam_sum,
                      "first_loss": losses[0], "last_loss": losses[-1]}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__[__doc__.index("usage:"):].partition("\n\n")[0])
    main(*sys.argv[1:])
