"""Makes every sample of a centre-cropped PNG output again with Pillow, NumPy and OpenCV, and compares.

usage: independent.py OUT INPUT RESIZE     (--geometry center --resize RESIZE --size 224 --encode png; INPUT an ImageFolder)

Independent of premix's code: the crop is Pillow's, the peak that of OpenCV's StaticSaliencyFineGrained on that crop, box
and λ the formulas of the paper's reference code, one box a sample. Prints one line of JSON; exits 1 at a difference.
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
from PIL import Image

RESIZE, SIDE = int(sys.argv[3]), 224
out, root = sys.argv[1:3]
classes = sorted(d for d in os.listdir(root) if os.path.isdir(os.path.join(root, d)))
detector = cv2.saliency.StaticSaliencyFineGrained_create()
crops, peaks = {}, {}


def rgb(path):
    im = Image.open(path)
    if im.mode.startswith("I;16") or im.mode == "I":  # 16-bit gray: the high byte
        g = (np.asarray(im).astype(np.uint32) >> 8).astype(np.uint8)
        return Image.fromarray(np.stack([g, g, g], 2))
    if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:  # alpha is laid on white
        p = np.asarray(im.convert("RGBA")).astype(np.uint32)
        a = p[..., 3:]
        return Image.fromarray(((p[..., :3] * a + 255 * (255 - a) + 127) // 255).astype(np.uint8))
    return im.convert("RGB")


def crop(name):
    if name not in crops:
        im = rgb(os.path.join(root, name))
        w, h = im.size
        dw, dh = (RESIZE, int(RESIZE * h / w)) if w <= h else (int(RESIZE * w / h), RESIZE)
        x, y = int(round((dw - SIDE) / 2.0)), int(round((dh - SIDE) / 2.0))
        crops[name] = np.asarray(im.resize((dw, dh), Image.BILINEAR).crop((x, y, x + SIDE, y + SIDE)))
    return crops[name]


def peak(name):
    if name not in peaks:
        _, m = detector.computeSaliency(crop(name))
        peaks[name] = divmod(int(np.argmax((m * 255).astype(np.uint8))), SIDE)
    return peaks[name]


targets, sources, bad, n = collections.Counter(), collections.Counter(), [], 0
for path in sorted(glob.glob(os.path.join(out, "*-train-*.tar"))):
    members = {}
    with tarfile.open(path) as tar:
        for m in tar:
            key, ext = m.name.split(".", 1)
            members.setdefault(key, {})[ext] = tar.extractfile(m).read()
    for key, m in members.items():
        r = json.loads(m["json"])
        n += 1
        t, s = r["target"], r["source"]
        targets[t] += 1
        sources[s] += 1
        row, col = peak(s)
        cut = int(SIDE * math.sqrt(1.0 - r["lam_drawn"]))
        y0, y1 = max(row - cut // 2, 0), min(row + cut // 2, SIDE)
        x0, x1 = max(col - cut // 2, 0), min(col + cut // 2, SIDE)
        lam = 1 - (y1 - y0) * (x1 - x0) / (SIDE * SIDE)
        want = np.array(crop(t))
        want[y0:y1, x0:x1] = crop(s)[y0:y1, x0:x1]
        a, b = classes.index(t.split("/")[0]), classes.index(s.split("/")[0])
        label = a if lam >= 0.5 else b
        got = np.asarray(Image.open(io.BytesIO(m["png"])))
        for what, have, should in (
            ("peak", r["peak"], [col, row]), ("box", r["box"], [x0, y0, x1, y1]), ("lam", r["lam"], lam),
            ("label_a", r["label_a"], a), ("label_b", r["label_b"], b), ("label", r["label"], label), ("cls", int(m["cls"]), label),
            ("mix", r["mix"], [a, b, lam]), ("pixels", got.shape == want.shape and bool((got == want).all()), True),
        ):
            if have != should:
                bad.append(f"{key} {t} <- {s}: {what} is {have}, want {should}")
once = all(c == 1 for c in targets.values()) and all(c == 1 for c in sources.values()) and targets.keys() == sources.keys()
print(json.dumps({"samples": n, "images": len(targets), "once": once, "differences": len(bad), "first": bad[:5]}))
sys.exit(bool(bad) or not once)
