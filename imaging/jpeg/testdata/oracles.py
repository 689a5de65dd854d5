"""The judges of JPEGs that the tests compare premix with: Pillow, and libjpeg-turbo's djpeg.

Usage: python oracles.py judge < PATHS        a line of tab-separated columns for each path, see judge
       python oracles.py made SEED COUNT DIR  intact files and their pixels, see made

The tests run it where PREMIX_JPEG_PYTHON names a Python with Pillow (scripts/jpegs.sh).
"""

import io
import os
import random
import re
import subprocess
import sys
import warnings
import zlib

from PIL import Image, ImageFile

warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None

# What djpeg warns of, in a word each. The numbers of bytes are kept.
WARNINGS = [
    (r"premature end of data segment", "short"),
    (r"bad Huffman code|bad arithmetic code", "code"),
    (r"found marker 0x[0-9a-f]+ instead of RST", "restart"),
    (r"(\d+) extraneous bytes before marker", "left"),
    (r"Premature end of JPEG file", "eof"),
    (r"Inconsistent progression sequence", "progression"),
    (r"Invalid SOS parameters for sequential", "sequential"),
    (r"unknown JFIF revision|thumbnail image size", "jfif"),
    (r"Unknown Adobe color transform", "adobe"),
    (r"Corrupt JPEG data|Invalid|Warning", "other"),
]


def djpeg(path):
    """The CRC-32 of djpeg's pixels, or "refused"; and what it warned of, in order and once each. Bytes that are left over
    have their number; those before the first scan are "header"."""
    ppm = path + ".ppm"
    p = subprocess.run(["djpeg"] + ["-verbose"] * 3 + ["-outfile", ppm, path], stderr=subprocess.PIPE)
    pixels = "refused"
    if p.returncode != 1:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        pixels = "%08x" % zlib.crc32(Image.open(ppm).convert("RGB").tobytes())
    os.remove(ppm)
    seen, scans = [], 0
    for line in p.stderr.decode("latin-1").splitlines():
        scans += line.startswith("Start Of Scan")
        for pattern, word in WARNINGS:
            m = re.search(pattern, line)
            if m:
                if word == "left":
                    word = "left:" + m[1] if scans else "header"
                if word not in seen:
                    seen.append(word)
                break
    return pixels, seen


def pillow(path, truncated):
    """The CRC-32 of the pixels, or why there are none: "cut" or "refused"."""
    ImageFile.LOAD_TRUNCATED_IMAGES = truncated
    try:
        im = Image.open(path, formats=["JPEG"]).convert("RGB")
    except Exception as e:
        return "cut" if "truncated" in str(e).lower() else "refused"
    return "%08x" % zlib.crc32(im.tobytes())


def judge():
    """Columns: what Pillow says; what it says where it accepts truncated data; what djpeg says; its warnings."""
    for path in sys.stdin.read().splitlines():
        pixels, words = djpeg(path)
        print(pillow(path, False), pillow(path, True), pixels, " ".join(words) or "-", sep="\t", flush=True)


def picture(r, bands):
    """A picture of random size, colours and detail."""
    w, h = (r.choice((r.randint(1, 24), r.randint(1, 120))) for _ in range(2))
    small = Image.frombytes({1: "L", 3: "RGB", 4: "CMYK"}[bands], (8, 8), r.randbytes(64 * bands))
    im = small.resize((w, h), r.choice((Image.Resampling.NEAREST, Image.Resampling.BICUBIC)))
    if r.random() < 0.5:
        noise = Image.frombytes(im.mode, im.size, r.randbytes(w * h * bands))
        im = Image.blend(im, noise, r.random() * 0.4) if bands != 4 else im
    return im


SAMPLING = "1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "2x2,2x1,1x1", "1x1,2x1,1x2", "3x1", "1x3", "2x1,1x1,2x1"
SCRIPTS = (
    None, "0;\n1;\n2;\n", "0;\n1,2;\n", "0,1,2: 0-0, 0, 1;\n0: 1-63, 0, 0;\n0,1,2: 0-0, 1, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n",
    "0,1,2: 0-0, 0, 0;\n0: 1-9, 0, 2;\n2: 1-63, 0, 1;\n1: 1-63, 0, 1;\n0: 10-63, 0, 2;\n0: 1-63, 2, 1;\n0: 1-63, 1, 0;\n"
    "1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n",
)


def by_pillow(r):
    bands = r.choice((1, 3, 3, 3, 4))
    kw = {"quality": r.randint(1, 100), "progressive": r.random() < 0.4, "optimize": r.random() < 0.3}
    if bands == 3:
        kw["subsampling"] = r.choice((0, 1, 2))
        if r.random() < 0.15:
            kw = {"quality": kw["quality"], "keep_rgb": True}
    if r.random() < 0.3:
        kw["restart_marker_blocks"] = r.randint(1, 9)
    elif r.random() < 0.2:
        kw["restart_marker_rows"] = r.randint(1, 3)
    b = io.BytesIO()
    picture(r, bands).save(b, "JPEG", **kw)
    return b.getvalue()


def by_cjpeg(r, script):
    """Sampling ratios, scans and arithmetic coding, which Pillow does not write."""
    args = ["-quality", str(r.randint(1, 100)), "-sample", r.choice(SAMPLING)]
    if r.random() < 0.4:
        args.append("-arithmetic")
    elif r.random() < 0.3:
        args.append("-optimize")
    scans = r.choice(SCRIPTS)
    if scans:
        with open(script, "w") as f:
            f.write(scans)
        args += ["-scans", script]
    elif r.random() < 0.4:
        args.append("-progressive")
    if r.random() < 0.3:
        args += ["-restart", "%dB" % r.randint(1, 9)]
    b = io.BytesIO()
    picture(r, 3).save(b, "PPM")
    return subprocess.run(["cjpeg", *args], input=b.getvalue(), stdout=subprocess.PIPE, check=True).stdout


def made(seed, count, folder):
    """Writes COUNT intact JPEGs to DIR/N.jpg, and a line with the CRC-32 of its pixels for each to stdout."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    r = random.Random(seed)
    for i in range(count):
        data = by_cjpeg(r, os.path.join(folder, "scans")) if i % 4 == 0 else by_pillow(r)
        with open(os.path.join(folder, "%d.jpg" % i), "wb") as f:
            f.write(data)
        im = Image.open(io.BytesIO(data), formats=["JPEG"]).convert("RGB")
        print("%08x" % zlib.crc32(im.tobytes()), flush=True)


if sys.argv[1] == "judge":
    judge()
else:
    made(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
