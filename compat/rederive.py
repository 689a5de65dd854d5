"""Makes every sample of PNG outputs again, from the images and the options, and compares with plan and shards.

usage: rederive.py INPUT OUT…        (INPUT a folder of class folders; OUT webdataset, --encode png)

Nothing of premix's code takes part: what is drawn comes from draws.py, crops and blends from Pillow and NumPy, the peaks of
finegrained from OpenCV; those of spectral and frequencytuned are the plan's. Everything else of a plan is compared: order,
pairs, crops, flips, methods, λ, places, boxes, labels; and all fields and pixels of the shards. Prints one line of JSON.
"""
import collections
import glob
import io
import json
import math
import os
import sys
import tarfile

import cv2
import numpy as np
import pyarrow.parquet as pq
import xxhash
from PIL import Image

import draws
from draws import Stream

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
SPOTS = {"sal2corr": ("peak", "same"), "sal2sal": ("peak", "peak"), "sal2nonsal": ("peak", "trough"),
         "nonsal2sal": ("trough", "peak"), "nonsal2nonsal": ("trough", "trough"), "sal2rand": ("peak", "corner")}
NOWHERE, NO_BOX = [-1, -1], [0, 0, 0, 0]
detector = cv2.saliency.StaticSaliencyFineGrained_create()


def rgb(data):
    im = Image.open(io.BytesIO(data))
    if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:  # alpha is laid on white
        p = np.asarray(im.convert("RGBA")).astype(np.uint32)
        a = p[..., 3:]
        return Image.fromarray(((p[..., :3] * a + 255 * (255 - a) + 127) // 255).astype(np.uint8))
    return im.convert("RGB")


class Entry:
    """An image of the input: its crops and their extremes, by replica."""

    def __init__(self, root, name, label):
        self.name, self.label = name, label
        with open(os.path.join(root, name), "rb") as f:
            self.data = f.read()
        self.digest = xxhash.xxh3_128(self.data).digest()
        self.image = rgb(self.data)
        self.memory = {}

    def crop(self, c, replica):
        """(x, y, w, h) in the original, flip, pixels"""
        key = c.geometry, replica
        if key not in self.memory:
            self.memory[key] = self._crop(c, replica)
        return self.memory[key]

    def _crop(self, c, replica):
        im, (w, h) = self.image, self.image.size
        s = draws.digest_stream(c.crop_seed, replica, self.digest, draws.CROP) if c.random else None
        flip = c.random and s.uniform() < c.hflip
        if c.mode == "rrc":
            x, y, cw, ch = rect = draws.rrc(s, w, h, c.scale)
            p = np.asarray(im.crop((x, y, x + cw, y + ch)).resize((c.w, c.h), c.filter))
        elif c.mode == "squash":
            rect, p = (0, 0, w, h), np.asarray(im.resize((c.w, c.h), c.filter))
        else:
            r = min(w, h) if c.resize == "none" else c.resize
            dw, dh = (r, int(r * h / w)) if w <= h else (int(r * w / h), r)
            im = im.resize((dw, dh), c.filter)
            if c.mode == "center":
                x, y = round((dw - c.w) / 2), round((dh - c.h) / 2)
                p = np.asarray(im.crop((x, y, x + c.w, y + c.h)))
            else:
                n = c.padding
                y = int(s.uniform() * (dh + 2 * n - c.h + 1))
                x = int(s.uniform() * (dw + 2 * n - c.w + 1))
                p = np.pad(np.asarray(im), ((n, n), (n, n), (0, 0)), "reflect" if c.reflect else "constant")[y:y + c.h, x:x + c.w]
                x, y = x - n, y - n
            rect = x * w / dw, y * h / dh, c.w * w / dw, c.h * h / dh
        return rect, flip, p[:, ::-1] if flip else p

    def extremes(self, c, replica):
        """peak and trough as [x, y], and whether the map is flat"""
        key = c.geometry, replica, "peak"
        if key not in self.memory:
            _, m = detector.computeSaliency(np.ascontiguousarray(self.crop(c, replica)[2]))
            m = (m * 255).astype(np.uint8)
            at = [list(map(int, divmod(int(f(m)), c.w)))[::-1] for f in (np.argmax, np.argmin)]
            self.memory[key] = at[0], at[1], int(m.max()) == 0
        return self.memory[key]


class Choices:
    """The options of an output, from its config.json."""

    def __init__(self, out):
        with open(os.path.join(out, "__premix__/train/config.json")) as f:
            config = json.load(f)
        r, shape = config["recipe"], config["output"]
        self.h, self.w = shape["size"]
        self.shards, self.named, self.dense = shape["shards"], r["replica-names"], shape["label_form"] != "pair"
        self.filter, self.crop_seed, self.hflip, self.resize = FILTERS[r["interpolation"]], r["crop-seed"], r["hflip"], r["resize"]
        self.mode, *padding = r["geometry"].split(":")
        self.padding, self.reflect = int(padding[0]) if padding else 0, "reflect" in padding
        self.random = self.hflip != "-"  # else neither crop nor flip is drawn
        self.scale = [float(v) for v in r["rrc-scale"].split(",")] if self.mode == "rrc" else None
        self.geometry = self.h, self.w, r["geometry"], self.filter, self.crop_seed, self.hflip, self.resize, str(self.scale)
        self.detector, self.scheme, self.border, self.prob = r["detector"], r["scheme"], r["border"], r["prob"]
        self.law, self.alpha, self.outside = r["lambda"], r["alpha"], r["lambda-outside"]
        self.lo, self.hi, self.seed = r["min-lambda"], r["max-lambda"], r["seed"]
        self.smoothing, self.pair = r["smoothing"], r["pair"]
        self.methods = []
        for item in r["method"].split(","):
            name, weight, *options = item.split(":")
            self.methods.append((name, float(weight), dict(o.split("=") for o in options)))

    def lam(self, s, options):
        if self.law != "beta":
            return float(self.law)
        alpha = float(options.get("alpha", self.alpha))
        lam = draws.beta(s, alpha)
        while self.outside == "redraw" and not self.lo <= lam <= self.hi:
            lam = draws.beta(s, alpha)
        return min(max(lam, self.lo), self.hi)

    def method(self, stream):
        if self.prob == "-" or stream(draws.MIX).uniform() >= self.prob:
            return "none", {}
        u, total = stream(draws.METHOD).uniform(), 0.0
        for i, (name, weight, options) in enumerate(self.methods):
            total += weight
            if u < total or i == len(self.methods) - 1 and total > 1 - 1e-9:
                return name, options
        return "none", {}


def centred(at, h, w, half_h, half_w, border):
    """A box about a pixel: of half_h and half_w each way, clipped at the border or shifted inside."""
    (x, y), box = at, []
    for v, half, side in ((x, half_w, w), (y, half_h, h)):
        lo = min(max(v - half, 0), side - 2 * half) if border == "shift" else max(v - half, 0)
        box.append((lo, lo + 2 * half if border == "shift" else min(v + half, side)))
    (x0, x1), (y0, y1) = box
    return [x0, y0, x1, y1]


def place(c, src_at, dst_at, to, lam):
    """src_box and box of saliencymix: the paper, and notes on its schemes in docs/methods.md"""
    cut_h, cut_w = int(c.h * math.sqrt(1 - lam)), int(c.w * math.sqrt(1 - lam))
    half_h, half_w = cut_h // 2, cut_w // 2
    src = centred(src_at, c.h, c.w, half_h, half_w, c.border)
    if to == "same":
        return src, src
    if to == "corner":
        bw, bh = src[2] - src[0], src[3] - src[1]
        x, y = min(dst_at[0], c.w - bw), min(dst_at[1], c.h - bh)
        return src, [x, y, x + bw, y + bh]
    if c.border == "shift":
        return src, centred(dst_at, c.h, c.w, half_h, half_w, "shift")
    left, right = min(half_w, src_at[0], dst_at[0]), min(half_w, c.w - src_at[0], c.w - dst_at[0])
    up, down = min(half_h, src_at[1], dst_at[1]), min(half_h, c.h - src_at[1], c.h - dst_at[1])
    return [[x - left, y - up, x + right, y + down] for x, y in (src_at, dst_at)]


def sample(c, replica, ordinal, target, source, alone):
    """The record of a sample, without its key, and its pixels."""
    def stream(purpose):
        return Stream(c.seed, replica, ordinal, purpose)

    t = target.crop(c, replica)[2]
    r = {"method": "none", "mixed": False, "lam_drawn": 1.0, "lam": 1.0, "box": NO_BOX, "src_box": NO_BOX, "peak": NOWHERE,
         "flat": False, "label_a": target.label, "label_b": target.label, "target": target.name, "source": target.name}
    name, options = c.method(stream)
    if name == "none" or alone and name != "cutout":
        return r, t
    lam = c.lam(stream(draws.LAMBDA), options)
    r.update(method=name, mixed=True, lam_drawn=lam)
    if name != "cutout":
        r.update(source=source.name, label_b=source.label)
        s = source.crop(c, replica)[2]
    pixels = t.copy()
    if name == "mixup":
        r["lam"] = lam
        return r, np.rint(lam * t.astype(np.float64) + (1 - lam) * s.astype(np.float64)).astype(np.uint8)
    if name in ("cutmix", "cutout"):  # torchvision's make_params
        x, y = stream(draws.CENTRE).pixel(c.h, c.w)
        half = 0.5 * math.sqrt(1 - lam)
        box = src = centred((x, y), c.h, c.w, int(half * c.h), int(half * c.w), "clip")
        r["peak"] = [x, y]
    elif name == "resizemix":
        lo, hi = map(float, options.get("scale", "0.1-0.8").split("-"))
        tau = lo + (hi - lo) * (1 - lam)
        h, w = max(int(tau * c.h), 1), max(int(tau * c.w), 1)
        x, y = stream(draws.CORNER).pixel(c.h - h + 1, c.w - w + 1)
        box, src = [x, y, x + w, y + h], [0, 0, c.w, c.h]
        s = np.zeros_like(t)
        s[y:y + h, x:x + w] = np.asarray(Image.fromarray(source.crop(c, replica)[2]).resize((w, h), Image.BILINEAR))
    else:
        spots, ends = SPOTS[c.scheme], []
        for spot, e in zip(spots, (source, target)):
            if spot in ("same", "corner"):
                ends.append((None if spot == "same" else stream(draws.CORNER).pixel(c.h, c.w), False))
            elif c.detector == "uniform":
                ends.append((stream(draws.CENTRE).pixel(c.h, c.w), False))
            else:
                peak, trough, flat = c.found(e, replica)
                ends.append(((c.w // 2, c.h // 2) if flat else peak if spot == "peak" else trough, flat))
        (src_at, flat_s), (dst_at, flat_t) = ends
        src, box = place(c, src_at, dst_at, spots[1], lam)
        r.update(peak=NOWHERE if flat_s else list(src_at), flat=flat_s or flat_t)
    x0, y0, x1, y1 = r["box"] = box
    if name == "cutout":
        pixels[y0:y1, x0:x1] = 124, 116, 104
        return r, pixels
    r.update(src_box=src, lam=1 - (y1 - y0) * (x1 - x0) / (c.h * c.w))
    u, v = (x0, y0) if name == "resizemix" else src[:2]
    pixels[y0:y1, x0:x1] = s[v:v + y1 - y0, u:u + x1 - x0]
    return r, pixels


def soft(r, classes, eps):
    off = eps / classes
    on = 1 - eps + off
    one = {k: np.full(classes, off) for k in ("label_a", "label_b")}
    for k in one:
        one[k][r[k]] = on
    return r["lam"] * one["label_a"] + (1 - r["lam"]) * one["label_b"]


def check(out, entries, classes, bad):
    c = Choices(out)
    members, plans = collections.defaultdict(dict), {}
    for path in sorted(glob.glob(os.path.join(out, "*-train-*.tar"))):
        with tarfile.open(path) as tar:
            for m in tar:
                key, ext = m.name.split(".", 1)
                members[key][ext] = tar.extractfile(m).read()
    for path in sorted(glob.glob(os.path.join(out, "__premix__/train/plan/*.parquet"))):
        plans.update((row["key"], row) for row in pq.read_table(path).to_pylist())
    ours = {"center": lambda e, r: ([c.w // 2, c.h // 2], [0, 0], False), "finegrained": lambda e, r: e.extremes(c, r),
            "uniform": lambda e, r: (NOWHERE, NOWHERE, False)}
    theirs = {(row[k + "_name"], row["replica"]): tuple(row[k + "_" + f] for f in ("peak", "trough", "flat"))
              for row in plans.values() for k in ("target", "source")}
    c.found = ours.get(c.detector, lambda e, r: theirs[e.name, r])
    n, by_name, count = len(entries), {e.name: i for i, e in enumerate(entries)}, collections.Counter()
    for replica in sorted({row["replica"] for row in plans.values()}):
        order = draws.order(n, c.seed, replica)
        keys = [(f"r{replica:03d}-" if replica or c.named else "") + f"{p:09d}" for p in range(n)]
        for shard in range(c.shards):
            places = [p for p in range(n) if p * c.shards // n == shard]
            here = [order[p] for p in places]
            if c.pair == "different-class":  # which image stands where is the plan's; neighbours must differ
                moved = [by_name[plans[keys[p]]["target_name"]] for p in places]
                if sorted(moved) != sorted(here):
                    bad.append(f"{out}: shard {shard} holds other images")
                here = moved
            for i, (p, ordinal) in enumerate(zip(places, here)):
                target, source = entries[ordinal], entries[here[(i + 1) % len(here)]]
                want, pixels = sample(c, replica, ordinal, target, source, len(here) == 1)
                want.update(key=keys[p], replica=replica, label=want["label_a"] if want["lam"] >= 0.5 else want["label_b"])
                if c.pair == "different-class" and want["source"] != want["target"] and want["label_a"] == want["label_b"]:
                    count["same class"] += 1
                row, m = plans.pop(keys[p]), members.pop(keys[p])
                have = json.loads(m["json"])
                if abs(have["lam_drawn"] - want["lam_drawn"]) < 1e-12:  # other α than 1: logarithms of other libraries
                    if want["lam"] == want["lam_drawn"]:
                        want["lam"] = have["lam"]
                    want["lam_drawn"] = have["lam_drawn"]
                want["mix"] = [want["label_a"], want["label_b"], want["lam"]]
                full = dict(want, shard=shard, index=i)
                for k, e in (("target", target), ("source", entries[by_name[want["source"]]])):
                    rect, flip, _ = e.crop(c, replica)
                    peak, trough, flat = c.found(e, replica)
                    full.update({k + "_name": e.name, k + "_digest": e.digest, k + "_flip": bool(flip), k + "_label": e.label,
                                 k + "_width": e.image.width, k + "_height": e.image.height, k + "_length": len(e.data), k + "_offset": 0,
                                 **{f"{k}_crop_{a}": v for a, v in zip("xywh", rect)}, k + "_flat": flat,
                                 k + "_peak": [0, 0] if flat else peak, k + "_trough": [0, 0] if flat else trough})
                differences = [(k, have.get(k), v) for k, v in want.items() if have.get(k) != v]
                differences += [("plan's " + k, v, full[k]) for k, v in row.items() if full[k] != v]
                differences += [("json", k, None) for k in have.keys() - want.keys()]
                if int(m["cls"]) != want["label"]:
                    differences.append(("cls", m["cls"], want["label"]))
                if c.dense:
                    vector = np.load(io.BytesIO(m["soft.npy"]))
                    if abs(vector - soft(want, classes, c.smoothing)).max() > 6e-8 or abs(vector.sum(dtype=np.float64) - 1) > 1e-6:
                        differences.append(("soft", vector.tolist(), soft(want, classes, c.smoothing).tolist()))
                got = np.asarray(Image.open(io.BytesIO(m["png"])))
                if got.shape != pixels.shape or (got != pixels).any():
                    differences.append(("pixels", int((got != pixels).any(2).sum()) if got.shape == pixels.shape else got.shape, 0))
                bad.extend(f"{os.path.basename(out)} {keys[p]}: {k} is {v}, want {w}" for k, v, w in differences)
                count[want["method"]] += 1
    if plans or members:
        bad.append(f"{out}: {len(plans)} rows and {len(members)} samples too many")
    return count


if __name__ == "__main__":
    root, outs = sys.argv[1], sys.argv[2:]
    folders = [d for d in os.listdir(root) if os.path.isdir(os.path.join(root, d))]
    names = sorted((f"{d}/{f}" for d in folders for f in os.listdir(os.path.join(root, d))), key=str.encode)
    classes = sorted({n.split("/")[0] for n in names}, key=str.encode)
    entries = [Entry(root, n, classes.index(n.split("/")[0])) for n in names]
    bad, counts = [], {}
    for out in outs:
        counts[os.path.basename(out)] = check(out, entries, len(classes), bad)
    print(json.dumps({"images": len(entries), "differences": len(bad), "first": bad[:5], "samples": counts}))
    sys.exit(bool(bad))
